#include "dispatch/runtime/launch.hpp"

#include "dispatch/observe/call_lines.hpp"
#include "dispatch/observe/counters.hpp"
#include "dispatch/observe/ranges.hpp"
#include "dispatch/runtime/inventory.hpp"
#include "dispatch/base/settings.hpp"

namespace aotgemm {

void launch(const CudaDevice& device, int cubin, const LaunchShape& shape, void* stream, void* parameters) {
    const CUkernel kernel = load_kernel(cubin, device, static_cast<int32_t>(shape.shared_bytes));
    if (settings().compile_only.load(std::memory_order_relaxed)) return;
    if (is_watched()) write_launch_line(cubin);
    const Range range([&] { return kCubins[cubin].name; });
    CUlaunchAttribute attributes[2];
    unsigned count = 0;
    if (shape.cluster > 1) {
        attributes[count].id = CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION;
        attributes[count++].value.clusterDim = {shape.cluster, 1, 1};
    }
    if (shape.programmatic_launch || settings().pdl.load(std::memory_order_relaxed)) {
        attributes[count].id = CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION;
        attributes[count++].value.programmaticStreamSerializationAllowed = 1;
    }
    CUlaunchConfig config{};
    config.gridDimX = shape.grid;
    config.gridDimY = shape.grid_y;
    config.gridDimZ = 1;
    config.blockDimX = shape.threads;
    config.blockDimY = config.blockDimZ = 1;
    config.sharedMemBytes = shape.shared_bytes;
    config.hStream = static_cast<CUstream>(stream);
    config.attrs = attributes;
    config.numAttrs = count;
    void* arguments[] = {parameters};
    const CUresult result = driver().cuLaunchKernelEx(&config, reinterpret_cast<CUfunction>(kernel), arguments, nullptr);
    if (result != CUDA_SUCCESS) {
        check_cuda(result, "cuLaunchKernelEx",
                   text("of ", kCubins[cubin].name, " with ", shape.grid, "x", shape.grid_y, " blocks of ", shape.threads, " threads"));
    }
    add_one(counters().launches[cubin]);
}

}  // namespace aotgemm

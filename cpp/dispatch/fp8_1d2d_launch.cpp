#include "dispatch/fp8_1d2d_launch.hpp"

#include <algorithm>
#include <cstring>

#include "dispatch/checks.hpp"
#include "dispatch/choice.hpp"
#include "dispatch/inventory.hpp"
#include "dispatch/launch.hpp"
#include "dispatch/settings.hpp"
#include "dispatch/tensor_map.hpp"
#include "kernels/sm90/fp8_1d2d_params.hpp"

namespace aotgemm {
namespace {

struct Sizes {
    int64_t groups, m, n, k, k_blocks;  // m: rows of A, in each group where A has a group dimension
};

Sizes sizes_of(const Fp8Launch& in) {
    const int row = in.a.ndim - 2;
    const int64_t k = in.a.shape[row + 1];
    return {in.b.ndim == 3 ? in.b.shape[0] : 1, in.a.shape[row], in.b.shape[in.b.ndim - 2], k, ceil_div(k, 128)};
}

// Of dimension `i`, also where its size is 1 and its stride says nothing: then any will do, and `instead` is legal.
int64_t stride_of(const aotgemm_tensor& t, int i, int64_t instead) { return t.shape[i] > 1 ? t.stride[i] : instead; }

// The map of a matrix or, with three dimensions, of a batch of them. box: columns, rows.
const CUtensorMap& map_of(const aotgemm_tensor& t, int32_t element_bytes, int32_t box_columns, int32_t box_rows,
                          CUtensorMapDataType type, CUtensorMapSwizzle swizzle) {
    const int row = t.ndim - 2;
    const int64_t row_bytes = stride_of(t, row, align_up(t.shape[row + 1], 16)) * element_bytes;
    TensorMapKey key{t.data, t.shape[row + 1], t.shape[row], row_bytes, box_columns, box_rows, type, swizzle};
    if (row == 1) {
        key.groups = t.shape[0];
        key.group_bytes = stride_of(t, 0, align_up(t.shape[1] * t.shape[2], 16)) * element_bytes;
    }
    return tensor_map(key);
}

// Scales of A, K blocks as rows: MN-major, so their columns are the rows of A.
const CUtensorMap& scale_map_of(const aotgemm_tensor& sf, int32_t box_columns, int32_t box_rows) {
    aotgemm_tensor transposed = sf;
    const int row = sf.ndim - 2;
    std::swap(transposed.shape[row], transposed.shape[row + 1]);
    transposed.stride[row] = stride_of(sf, row + 1, align_up(sf.shape[row], 4));
    return map_of(transposed, 4, box_columns, box_rows, CU_TENSOR_MAP_DATA_TYPE_FLOAT32, CU_TENSOR_MAP_SWIZZLE_NONE);
}

const CUtensorMap& output_map_of(const aotgemm_tensor& d, const aotgemm_spec& spec) {
    const int32_t columns = sm90::store_box_columns(spec.swap_ab != 0, spec.block_n);
    const CUtensorMapSwizzle swizzle = columns == 64   ? CU_TENSOR_MAP_SWIZZLE_128B
                                       : columns == 32 ? CU_TENSOR_MAP_SWIZZLE_64B
                                                       : CU_TENSOR_MAP_SWIZZLE_32B;
    return map_of(d, 2, columns, sm90::store_box_rows(spec.swap_ab != 0, spec.block_m), CU_TENSOR_MAP_DATA_TYPE_BFLOAT16,
                  swizzle);
}

void put_maps(const Fp8Launch& in, const aotgemm_spec& spec, sm90::Fp8Gemm1d2dParams& out) {
    const auto operand = [](const aotgemm_tensor& t, int32_t box_rows) -> const CUtensorMap& {
        return map_of(t, 1, 128, box_rows, CU_TENSOR_MAP_DATA_TYPE_UINT8, CU_TENSOR_MAP_SWIZZLE_128B);
    };
    out.a = operand(in.a, spec.block_m / spec.cluster_n);
    out.b = operand(in.b, spec.block_n / spec.cluster_m);
    out.sfa = scale_map_of(in.sfa, spec.block_m, spec.block_k / 128);
    out.d = output_map_of(in.d, spec);
}

sm90::Fp8Gemm1d2dParams make_parameters(const Fp8Launch& in, const Sizes& sizes, const aotgemm_problem& problem,
                                        const Choice& choice) {
    const aotgemm_spec& spec = kSpecs[choice.kernel];
    const int row_of_b = in.sfb.ndim - 2, row_of_d = in.d.ndim - 2;
    sm90::Fp8Gemm1d2dParams out{};
    put_maps(in, spec, out);
    out.sfb = static_cast<const float*>(in.sfb.data);
    out.sfb_row_stride = in.sfb.stride[row_of_b];
    out.sfb_column_stride = in.sfb.stride[row_of_b + 1];
    out.sfb_group_stride = row_of_b == 1 ? in.sfb.stride[0] : 0;
    out.sfb_rows = static_cast<int32_t>(in.sfb.shape[row_of_b]);
    out.m = static_cast<int32_t>(sizes.m);
    out.n = static_cast<int32_t>(sizes.n);
    out.k_blocks = static_cast<int32_t>(sizes.k_blocks);
    out.groups = static_cast<int32_t>(sizes.groups);
    out.index = in.index != nullptr ? static_cast<const int32_t*>(in.index->data) : nullptr;
    out.d_data = in.d.data;
    out.d_row_stride = stride_of(in.d, row_of_d, sizes.n);
    out.d_group_stride = row_of_d == 1 ? in.d.stride[0] : 0;
    out.band_m = choice.band_m;
    // One band of tile rows: the tiles that share a tile of B run side by side, and nobody comes back for it.
    out.stream_b = choice.band_m * spec.cluster_m * int64_t{spec.block_m} >= rows_of_a_group(problem) ? 1 : 0;
    return out;
}

// A sum over nothing.
void write_zeros(const aotgemm_tensor& d, void* stream) {
    check_cuda(driver().cuMemsetD2D8Async(reinterpret_cast<CUdeviceptr>(d.data), row_stride(d, 2) * 2, 0, d.shape[1] * 2,
                                          d.shape[0], static_cast<CUstream>(stream)),
               "cuMemsetD2D8Async");
}

}  // namespace

aotgemm_problem fp8_1d2d_problem(const Fp8Launch& in) {
    const Sizes sizes = sizes_of(in);
    int64_t m = sizes.m;
    if (in.expected_m > 0 && std::strcmp(in.grouping, "masked") == 0) m = std::min(m, in.expected_m);
    if (in.expected_m > 0 && std::strcmp(in.grouping, "psum") == 0) m = std::min(m, in.expected_m * sizes.groups);
    const int32_t num_sms = settings().num_sms.load(std::memory_order_relaxed);
    return {"fp8_1d2d", in.grouping, "nt", "bf16", static_cast<int32_t>(sizes.groups), m, sizes.n, sizes.k, num_sms};
}

void launch_fp8_1d2d(const Fp8Launch& operands, const aotgemm_launch& how) {
    const Sizes sizes = sizes_of(operands);
    const CudaDevice& device = cuda_device(operands.a.device_id);
    const ContextScope scope(device);
    if (sizes.k == 0) {
        if (!settings().compile_only) write_zeros(operands.d, how.stream);
        return;
    }
    const aotgemm_problem problem = fp8_1d2d_problem(operands);
    const Choice& choice = choose_kernel(problem, device, how.kernel);
    const aotgemm_spec& spec = kSpecs[choice.kernel];
    sm90::Fp8Gemm1d2dParams parameters = make_parameters(operands, sizes, problem, choice);
    const LaunchShape shape{static_cast<uint32_t>(choice.grid), static_cast<uint32_t>(spec.threads), 1,
                            static_cast<uint32_t>(spec.cluster_m * spec.cluster_n), static_cast<uint32_t>(spec.shared_bytes)};
    launch(device, choice.cubin, shape, how.stream, &parameters);
}

}  // namespace aotgemm

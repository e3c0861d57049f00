#include "dispatch/fp8_1d2d.hpp"

#include <algorithm>
#include <cstring>
#include <memory>

#include "dispatch/checks.hpp"
#include "dispatch/inventory.hpp"
#include "dispatch/launch.hpp"
#include "dispatch/plan.hpp"
#include "dispatch/selection.hpp"
#include "dispatch/settings.hpp"
#include "dispatch/tensor_map.hpp"
#include "emulation/emulation.hpp"
#include "kernels/sm90/fp8_1d2d_params.hpp"

namespace aotgemm {
namespace {

constexpr const char* kFamily = "fp8_1d2d";

struct Sizes {
    int64_t m, n, k, k_blocks;
};

Sizes check_shapes(const Fp8Gemm1d2dOperands& in) {
    const Operand a{"a", in.a}, sfa{"sfa", in.sfa}, b{"b", in.b}, sfb{"sfb", in.sfb}, d{"d", in.d};
    check_dtype(a, {AOTGEMM_FP8_E4M3});
    check_dtype(sfa, {AOTGEMM_FP32});
    check_dtype(b, {AOTGEMM_FP8_E4M3});
    check_dtype(sfb, {AOTGEMM_FP32});
    check_dtype(d, {AOTGEMM_BF16});
    for (const Operand& operand : {a, sfa, b, sfb, d}) check_rank(operand, 2, 2);
    check_same_device({a, sfa, b, sfb, d});
    const Sizes sizes{in.a.shape[0], in.b.shape[0], in.a.shape[1], ceil_div(in.a.shape[1], 128)};
    check_size(b, 1, sizes.k, "K of a");
    check_size(sfa, 0, sizes.m, "M of a");
    check_size(sfa, 1, sizes.k_blocks, "K/128 of a, rounded up");
    check_size(sfb, 0, ceil_div(sizes.n, 128), "N/128 of b, rounded up");
    check_size(sfb, 1, sizes.k_blocks, "K/128 of b, rounded up");
    check_size(d, 0, sizes.m, "M of a");
    check_size(d, 1, sizes.n, "N of b");
    if (sizes.n % 8 != 0) {
        fail(AOTGEMM_ERROR_SHAPE, "b: N is ", sizes.n, ", must be a multiple of 8; the nearest is ", align_up(sizes.n, 8));
    }
    if (sizes.k % 16 != 0) {
        fail(AOTGEMM_ERROR_SHAPE, "a: K is ", sizes.k, ", must be a multiple of 16; the nearest is ", align_up(sizes.k, 16));
    }
    constexpr int64_t kMost = INT32_MAX - 512;  // coordinates of the TMA are 32-bit
    for (const int64_t size : {sizes.m, sizes.n, sizes.k}) {
        if (size > kMost) fail(AOTGEMM_ERROR_SHAPE, "a, b: a size is ", size, ", allowed is at most ", kMost);
    }
    return sizes;
}

void check_layouts(const Fp8Gemm1d2dOperands& in) {
    check_matrix_layout({"a", in.a}, 1);
    check_matrix_layout({"b", in.b}, 1);
    check_matrix_layout({"d", in.d}, 2);
}

void run_on_cpu(const Fp8Gemm1d2dOperands& in, int threads) {
    const auto matrix = [](const aotgemm_tensor& t, auto* data) {
        return emulation::Matrix<std::remove_pointer_t<decltype(data)>>{data, t.shape[0], t.shape[1], t.stride[0], t.stride[1]};
    };
    emulation::fp8_gemm_1d2d(matrix(in.a, static_cast<const uint8_t*>(in.a.data)),
                             matrix(in.sfa, static_cast<const float*>(in.sfa.data)),
                             matrix(in.b, static_cast<const uint8_t*>(in.b.data)),
                             matrix(in.sfb, static_cast<const float*>(in.sfb.data)),
                             matrix(in.d, static_cast<uint16_t*>(in.d.data)), threads);
}

// The band of tile rows for which a wave of blocks reads the least: band * block_m rows of A and
// grid / band * block_n rows of B.
int32_t band_height(const aotgemm_spec& spec, int32_t grid, int64_t tiles_m) {
    const int32_t rows = static_cast<int32_t>(std::min<int64_t>(ceil_div(tiles_m, spec.cluster_m), 64));
    const int32_t clusters = std::max(1, grid / (spec.cluster_m * spec.cluster_n));
    int32_t best = 1;
    int64_t least = INT64_MAX;
    for (int32_t band = 1; band <= rows; ++band) {
        const int64_t reads = int64_t{band} * spec.cluster_m * spec.block_m +
                              ceil_div(clusters, band) * spec.cluster_n * spec.block_n;
        if (reads < least) {
            least = reads;
            best = band;
        }
    }
    return best;
}

// What a call needs of the selection, kept so that a serving loop ranks the matrix once per shape.
struct Choice {
    Sizes sizes{-1, -1, -1, -1};
    int32_t device = -1, num_sms = -1, forced = -1;
    int32_t kernel = -1, cubin = -1, grid = 0, band_m = 1;
};

aotgemm_problem problem_of(const Sizes& sizes, int32_t num_sms) {
    return {kFamily, "dense", "nt", "bf16", 1, sizes.m, sizes.n, sizes.k, num_sms};
}

Choice choose(const Sizes& sizes, const CudaDevice& device, int32_t num_sms, int32_t forced) {
    const aotgemm_problem problem = problem_of(sizes, num_sms);
    const char* arch = arch_of(device.description);
    if (forced >= kSpecCount || (forced >= 0 && (std::strcmp(kSpecs[forced].family, kFamily) != 0 ||
                                                 std::strcmp(kSpecs[forced].arch, arch) != 0))) {
        fail(AOTGEMM_ERROR_KERNEL_MISSING, "kernel: ", forced, " is not an ", kFamily, " kernel of ", arch);
    }
    const aotgemm_selection selection = forced >= 0 ? describe_kernel(forced, problem, device.description)
                                                    : select_kernel(problem, device.description);
    const aotgemm_spec& spec = kSpecs[selection.kernel];
    if (selection.tiles > INT32_MAX) {
        fail(AOTGEMM_ERROR_SHAPE, "d: has ", selection.tiles, " tiles, allowed is at most ", INT32_MAX);
    }
    Choice choice{sizes, device.handle, num_sms, forced};
    choice.kernel = selection.kernel;
    choice.cubin = find_cubin(spec.name, spec.arch);
    choice.grid = selection.grid;
    choice.band_m = band_height(spec, selection.grid, ceil_div(sizes.m, spec.block_m));
    return choice;
}

const Choice& cached_choice(const Sizes& sizes, const CudaDevice& device, int32_t num_sms, int32_t forced) {
    constexpr std::size_t kEntries = 512;
    thread_local const std::unique_ptr<Choice[]> entries(new Choice[kEntries]);
    const uint64_t hash = (static_cast<uint64_t>(sizes.m) * 0x9E3779B97F4A7C15u ^ static_cast<uint64_t>(sizes.n)) *
                              0xC2B2AE3D27D4EB4Fu ^ static_cast<uint64_t>(sizes.k);
    Choice& entry = entries[(hash * 0x9E3779B97F4A7C15u >> 40) % kEntries];
    const bool same = entry.sizes.m == sizes.m && entry.sizes.n == sizes.n && entry.sizes.k == sizes.k &&
                      entry.device == device.handle && entry.num_sms == num_sms && entry.forced == forced;
    if (!same) entry = choose(sizes, device, num_sms, forced);
    return entry;
}

sm90::Fp8Gemm1d2dParams make_parameters(const Fp8Gemm1d2dOperands& in, const Sizes& sizes, const Choice& choice) {
    const aotgemm_spec& spec = kSpecs[choice.kernel];
    const auto operand = [&](const aotgemm_tensor& t, int32_t box_rows) {
        return TensorMapKey{t.data, sizes.k, t.shape[0], row_stride(t, 1), 128, box_rows, CU_TENSOR_MAP_DATA_TYPE_UINT8,
                            CU_TENSOR_MAP_SWIZZLE_128B};
    };
    const int32_t columns = sm90::store_box_columns(spec.swap_ab != 0, spec.block_n);
    const int32_t rows = sm90::store_box_rows(spec.swap_ab != 0, spec.block_m);
    const CUtensorMapSwizzle swizzle = columns == 64   ? CU_TENSOR_MAP_SWIZZLE_128B
                                       : columns == 32 ? CU_TENSOR_MAP_SWIZZLE_64B
                                                       : CU_TENSOR_MAP_SWIZZLE_32B;
    const int64_t scale_stride = in.sfa.shape[1] > 1 ? in.sfa.stride[1] : align_up(sizes.m, 4);
    sm90::Fp8Gemm1d2dParams out;
    out.a = tensor_map(operand(in.a, spec.block_m / spec.cluster_n));
    out.b = tensor_map(operand(in.b, spec.block_n / spec.cluster_m));
    out.sfa = tensor_map({in.sfa.data, sizes.m, sizes.k_blocks, scale_stride * 4, spec.block_m, spec.block_k / 128,
                          CU_TENSOR_MAP_DATA_TYPE_FLOAT32, CU_TENSOR_MAP_SWIZZLE_NONE});
    out.d = tensor_map({in.d.data, sizes.n, sizes.m, row_stride(in.d, 2) * 2, columns, rows,
                        CU_TENSOR_MAP_DATA_TYPE_BFLOAT16, swizzle});
    out.sfb = static_cast<const float*>(in.sfb.data);
    out.sfb_row_stride = in.sfb.stride[0];
    out.sfb_column_stride = in.sfb.stride[1];
    out.sfb_rows = static_cast<int32_t>(in.sfb.shape[0]);
    out.m = static_cast<int32_t>(sizes.m);
    out.n = static_cast<int32_t>(sizes.n);
    out.k_blocks = static_cast<int32_t>(sizes.k_blocks);
    out.band_m = choice.band_m;
    // One band of tile rows: the tiles that share a tile of B run side by side, and nobody comes back for it.
    out.stream_b = choice.band_m * spec.cluster_m * int64_t{spec.block_m} >= sizes.m ? 1 : 0;
    return out;
}

void run_on_cuda(const Fp8Gemm1d2dOperands& in, const Sizes& sizes, const aotgemm_launch& how) {
    const CudaDevice& device = cuda_device(in.a.device_id);
    const ContextScope scope(device);
    if (sizes.k == 0) {  // a sum over nothing
        if (settings().compile_only) return;
        check_cuda(driver().cuMemsetD2D8Async(reinterpret_cast<CUdeviceptr>(in.d.data), row_stride(in.d, 2) * 2, 0,
                                              sizes.n * 2, sizes.m, static_cast<CUstream>(how.stream)),
                   "cuMemsetD2D8Async");
        return;
    }
    const int32_t num_sms = settings().num_sms.load(std::memory_order_relaxed);
    const Choice& choice = cached_choice(sizes, device, num_sms, how.kernel);
    check_plan(problem_of(sizes, num_sms), &device.description, choice.kernel);
    const aotgemm_spec& spec = kSpecs[choice.kernel];
    sm90::Fp8Gemm1d2dParams parameters = make_parameters(in, sizes, choice);
    const LaunchShape shape{static_cast<uint32_t>(choice.grid), static_cast<uint32_t>(spec.threads), 1,
                            static_cast<uint32_t>(spec.cluster_m * spec.cluster_n), static_cast<uint32_t>(spec.shared_bytes)};
    launch(device, choice.cubin, shape, how.stream, &parameters);
}

}  // namespace

void fp8_gemm_1d2d(const Fp8Gemm1d2dOperands& operands, const aotgemm_launch& how) {
    const Sizes sizes = check_shapes(operands);
    if (sizes.m == 0 || sizes.n == 0) return;
    if (operands.a.device_type == AOTGEMM_CPU) {
        check_rows_adjacent({"a", operands.a});
        check_rows_adjacent({"b", operands.b});
        check_plan(problem_of(sizes, 0), nullptr, -1);
        if (!settings().compile_only) run_on_cpu(operands, how.cpu_threads);
        return;
    }
    check_layouts(operands);
    check_scale_layout({"sfa", operands.sfa});
    run_on_cuda(operands, sizes, how);
}

}  // namespace aotgemm

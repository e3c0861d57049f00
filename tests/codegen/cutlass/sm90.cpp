// Our swizzle, matrix descriptors and advances through a tile for wgmma against CuTe's, on the CPU.
//
// CuTe makes a descriptor from a tile's layout (make_gmma_desc) and the ones of all instructions on that tile from it
// (DescriptorIterator). Both work on any machine, for a tile at address 0: outside of device code CuTe takes every
// shared address for 0 and says so on standard output. Other addresses are set in the descriptor's own bit field.
//
// checks.inc, which the test writes, has one CHECK_... line for each tile and width that the matrix of kernels uses. An
// argument is a mask that alters all of our values: then something must differ.
#include <cuda_runtime.h>

#include <cstdint>
#include <cute/atom/mma_traits_sm90_gmma.hpp>
#include <cute/tensor.hpp>

#include "ptx/wgmma.cuh"
#include "sm90/bf16_gemm/operand.cuh"
#include "sm90/epilogue/swizzle.cuh"
#include "compare.hpp"

namespace {

using namespace cute;
using SM90::GMMA::Major;

// Address of each 16 bytes of a box, under the swizzle that the TMA applies to rows of that length.
template <int kRowBytes>
void check_swizzle() {
    using Theirs = std::conditional_t<kRowBytes == 128, Swizzle<3, 4, 3>,
                                      std::conditional_t<kRowBytes == 64, Swizzle<2, 4, 3>, Swizzle<0, 4, 3>>>;
    for (int row = 0; row < 256; ++row) {
        for (int chunk = 0; chunk < kRowBytes / 16; ++chunk) {
            compare("swizzle", row, chunk, 1024 + Theirs::apply(row * kRowBytes + chunk * 16),
                    aotgemm::sm90::swizzled<kRowBytes>(1024, row, chunk));
        }
    }
}

// A tile of kRows by 128 bytes of K by kSlices, in 128-byte swizzle. K-major: one row after the other. MN-major: boxes
// of 64 elements of M (or N), which have all their K before the next box begins.
template <Major kMajor, class T, int kRows, int kSlices>
auto layout_of_tile() {
    using Shape3 = Shape<Int<kRows>, Int<128 / sizeof(T)>, Int<kSlices>>;
    if constexpr (kMajor == Major::K) {
        return tile_to_shape(SM90::GMMA::Layout_K_SW128_Atom<T>{}, Shape3{});
    } else {
        return tile_to_shape(SM90::GMMA::Layout_MN_SW128_Atom<T>{}, Shape3{}, Step<_2, _1, _3>{});
    }
}

// What CuTe makes of that tile for instructions on kWidth of its rows (64 on the M side; on the N side all that one
// warpgroup has) and 32 bytes of K: the first one's descriptor, and the distances to the others.
template <Major kMajor, class T, int kRows, int kWidth, int kSlices>
struct CuteTile {
    using Layout3 = decltype(layout_of_tile<kMajor, T, kRows, kSlices>());
    using Tile = decltype(make_tensor(make_smem_ptr(static_cast<T*>(nullptr)), Layout3{}));
    using Parts = decltype(zipped_divide(Tile{}, Shape<Int<kWidth>, Int<32 / sizeof(T)>>{}));
    using Descriptors = decltype(make_tensor<SM90::GMMA::smem_desc<kMajor>>(Parts{}));

    static constexpr int kParts = kRows / kWidth, kSteps = 4;  // of a slice
    static constexpr auto kDistances = [] {  // worked out by the compiler, which takes less time than code for it
        array<int, kParts * kSteps * kSlices> distances{};
        for (int i = 0; i < kParts * kSteps * kSlices; ++i) {
            const auto at = make_coord(i % kParts, i / kParts % kSteps, i / kParts / kSteps);
            distances[i] = typename Descriptors::layout_type{}(0, at);
        }
        return distances;
    }();

    static GmmaDescriptor first() { return SM90::GMMA::make_gmma_desc<kMajor>(decltype(tensor<0>(Parts{})){}); }
    static GmmaDescriptor at(int part, int step, int slice) {
        const int distance = kDistances[(slice * kSteps + step) * kParts + part];
        return *(SM90::GMMA::DescriptorIterator{first()} + distance);
    }
};

// Descriptors of all instructions on a tile. ours(address) is the descriptor of a tile there, advance(row, slice, step)
// the bytes to an instruction's part of it.
template <Major kMajor, class T, int kRows, int kWidth, int kSlices, class Ours, class Advance>
void check_descriptors(const char* what, Ours ours, Advance advance) {
    using Theirs = CuteTile<kMajor, T, kRows, kWidth, kSlices>;
    // An instruction does not read the distance to the next atom where it has one in that direction: CuTe leaves 0.
    GmmaDescriptor unread;
    if (kMajor == Major::K && kWidth == 8) unread.bitfield.stride_byte_offset_ = 0x3FFF;
    if (kMajor == Major::MN && kWidth == 64) unread.bitfield.leading_byte_offset_ = 0x3FFF;
    for (int part = 0; part < Theirs::kParts; ++part) {
        for (int at = 0; at < kSlices * 4; ++at) {
            const int slice = at / 4, step = at % 4;
            const uint64_t made = ours(0) + advance(part * kWidth, slice, step) / 16;
            compare(what, kRows, kWidth, Theirs::at(part, step, slice), made & ~unread.desc_);
        }
    }
    GmmaDescriptor moved = Theirs::first();
    for (uint32_t address = 0; address < kSharedBytes; address += 1024) {
        moved.bitfield.start_address_ = static_cast<uint16_t>(address >> 4);
        compare(what, kRows, static_cast<int>(address), moved, ours(address) & ~unread.desc_);
    }
}

template <Major kMajor, int kRows, int kWidth, int kSlices>
void check_bf16() {
    using Operand = aotgemm::sm90::Bf16Operand<kRows, kMajor == Major::MN, false>;
    check_descriptors<kMajor, bfloat16_t, kRows, kWidth, kSlices>(
        kMajor == Major::K ? "bf16, K-major" : "bf16, MN-major", [](uint32_t at) { return Operand::descriptor(at); },
        [](int row, int slice, int step) { return Operand::offset(row, slice * 4 + step); });
}

// As Fp8Warpgroup::issue advances: K-major, a slice of all rows after the other.
template <int kRows, int kWidth, int kSlices>
void check_fp8() {
    check_descriptors<Major::K, float_e4m3_t, kRows, kWidth, kSlices>(
        "fp8", [](uint32_t at) { return aotgemm::ptx::swizzled_descriptor(at); },
        [](int row, int slice, int step) { return slice * kRows * 128 + row * 128 + step * 32; });
}

}  // namespace

#define CHECK_SWIZZLE(row_bytes) check_swizzle<row_bytes>();
#define CHECK_BF16(major, rows, width, slices) check_bf16<Major::major, rows, width, slices>();
#define CHECK_FP8(rows, width, slices) check_fp8<rows, width, slices>();

int main(int count, char** arguments) {
    read_alteration(count, arguments);
#include "checks.inc"
    return report();
}

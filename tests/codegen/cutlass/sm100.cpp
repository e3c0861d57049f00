// Our matrix descriptors, advances through a tile and instruction descriptors for tcgen05 against CuTe's, on the CPU.
//
// As in sm90.cpp: CuTe makes a descriptor from a tile's layout (make_umma_desc), and a layout of distances to the parts
// that single instructions take. checks.inc has a CHECK_OPERAND line for each kind of tile in the matrix of kernels.
#include <cuda_runtime.h>

#include <cstdint>
#include <cute/atom/mma_traits_sm100.hpp>
#include <cute/tensor.hpp>

void* __cvta_shared_to_generic(std::size_t);  // of the device compiler; nothing here calls it

#include "sm100/pipeline/operand.cuh"
#include "compare.hpp"

namespace {

using namespace cute;
using UMMA::Major;

template <Major kMajor, class T, int kRows, int kSlices>
auto layout_of_tile() {
    using Shape3 = Shape<Int<kRows>, Int<128 / sizeof(T)>, Int<kSlices>>;
    constexpr int kBytes = kRows * sizeof(T);
    if constexpr (kMajor == Major::K) {
        return tile_to_shape(UMMA::Layout_K_SW128_Atom<T>{}, Shape3{});
    } else if constexpr (kBytes % 128 == 0) {
        return tile_to_shape(UMMA::Layout_MN_SW128_Atom<T>{}, Shape3{}, Step<_2, _1, _3>{});
    } else if constexpr (kBytes % 64 == 0) {
        return tile_to_shape(UMMA::Layout_MN_SW64_Atom<T>{}, Shape3{}, Step<_2, _1, _3>{});
    } else {
        return tile_to_shape(UMMA::Layout_MN_SW32_Atom<T>{}, Shape3{}, Step<_2, _1, _3>{});
    }
}

// Descriptors of all instructions on a tile of kRows by 128 bytes of K by kSlices: each takes all rows and 32 bytes of K.
template <Major kMajor, class T, int kRows, int kSlices>
void check_operand() {
    using Layout3 = decltype(layout_of_tile<kMajor, T, kRows, kSlices>());
    using Tile = decltype(make_tensor(make_smem_ptr(static_cast<T*>(nullptr)), Layout3{}));
    using Parts = decltype(zipped_divide(Tile{}, Shape<Int<kRows>, Int<32 / sizeof(T)>>{}));
    using Descriptors = decltype(make_tensor<UMMA::smem_desc<kMajor>>(Parts{}));
    using Ours = aotgemm::sm100::Operand<kRows, kMajor == Major::MN, false, sizeof(T), false>;
    const char* what = kMajor == Major::K ? "K-major" : "MN-major";
    UMMA::SmemDescriptor first = UMMA::make_umma_desc<kMajor>(decltype(tensor<0>(Parts{})){});
    // An instruction does not read the distance to the next atom where it has one in that direction: CuTe leaves 0.
    UMMA::SmemDescriptor unread;
    if (kMajor == Major::MN && kRows == Ours::kBoxElements) unread.leading_byte_offset_ = 0x3FFF;
    if (kMajor == Major::K && kRows == 8) unread.stride_byte_offset_ = 0x3FFF;
    for (int at = 0; at < kSlices * 4; ++at) {
        const int distance = typename Descriptors::layout_type{}(0, make_coord(0, at % 4, at / 4));
        const uint64_t theirs = *(UMMA::DescriptorIterator{first} + distance);
        compare(what, kRows, at, theirs, (Ours::descriptor(0) + Ours::offset(at) / 16) & ~unread.desc_);
    }
    for (uint32_t address = 0; address < kSharedBytes; address += 1024) {
        first.start_address_ = static_cast<uint16_t>(address >> 4);
        compare(what, kRows, static_cast<int>(address), first, Ours::descriptor(address) & ~unread.desc_);
    }
}

}  // namespace

#define CHECK_OPERAND(major, type, rows, slices) check_operand<Major::major, type, rows, slices>();

int main(int count, char** arguments) {
    read_alteration(count, arguments);
#include "checks.inc"
    return report();
}

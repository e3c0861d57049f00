#include "ptx_machine/async/mma_descriptor.hpp"

namespace aotgemm::ptx_machine {
namespace {

using emulation::MmaType;

class Fields {
 public:
    explicit Fields(std::uint32_t bits) : bits_(bits) {}
    std::uint32_t operator()(int first, int count) const { return bits_ >> first & ((1u << count) - 1); }

 private:
    std::uint32_t bits_;
};

std::string type_of(std::uint32_t code, MmaKind kind, MmaType& out) {
    const std::string unknown = "has type " + std::to_string(code) + ", which ";
    switch (kind) {
        case MmaKind::f16:
            out = code == 0 ? MmaType::fp16 : MmaType::bf16;
            return code <= 1 ? "" : unknown + "kind::f16 does not know";
        case MmaKind::tf32: out = MmaType::tf32; return code == 2 ? "" : unknown + "kind::tf32 does not know";
        case MmaKind::mxf4:
        case MmaKind::mxf4nvf4:
            out = MmaType::e2m1;
            return code == 1 ? "" : unknown + "kinds of packed elements do not know";
        default: break;
    }
    if (code == 3 || code == 4) return unknown + "is of 6 bits: the machine does not know it";
    out = code == 0 ? MmaType::e4m3 : code == 1 ? MmaType::e5m2 : MmaType::e2m1;
    return code == 0 || code == 1 || code == 5 ? "" : unknown + "there is not";
}

// Bits that are zero, or say what the machine does not know.
std::string fixed_bits_problem(const Fields& field, const Tcgen05& how) {
    const bool scaled = has_scales(how.kind);
    if (field(0, 3) != 0) return "is for a sparse A, which the machine does not know";
    if (field(13, 2) != 0) return "negates an operand, which the machine does not know";
    if (!scaled && field(4, 2) != 1) return "has no FP32 sums, which is all the machine knows";
    if (scaled && field(23, 1) != 1 && (how.kind != MmaKind::mxf4nvf4 || how.scale_bytes != 4))
        return "has scales that are not UE8M0, which its kind and block of scales want";
    if (field(3, 1) != 0 || field(6, 1) != 0 || (!scaled && (field(23, 1) != 0 || field(29, 3) != 0)) ||
        (scaled && (field(24, 3) != 0 || field(31, 1) != 0)))
        return "has bits set that are zero for its kind";
    return "";
}

bool has_8_bits(MmaType type) { return type == MmaType::e4m3 || type == MmaType::e5m2 || type == MmaType::e2m1; }

std::string size_problem(const MmaDescriptor& d, const Tcgen05& how) {
    const bool scaled = has_scales(how.kind), one = how.group == 1;
    const bool is_m = one ? d.m == 128 || (d.m == 64 && !scaled) : d.m == 256 || d.m == 128;
    if (!is_m) return "has M = " + std::to_string(d.m) + ", which its kind and group do not know";
    int step = one ? (scaled || d.m == 64 ? 8 : 16) : 16;
    if (!one && how.a_in_tensor_memory) step = 32;
    if (d.b_mn_major && has_8_bits(d.b)) step = one ? 16 : 32;
    if (d.n == 0 || d.n > kMostMmaColumns || d.n % step != 0)
        return "has N = " + std::to_string(d.n) + ", where multiples of " + std::to_string(step) +
               " up to 256 are allowed";
    return "";
}

std::string scale_problem(const MmaDescriptor& d, const Tcgen05& how) {
    if (!is_packed(how.kind)) return "";
    if (d.scale_a % how.scale_bytes != 0 || d.scale_b % how.scale_bytes != 0)
        return "has a scale id that is no multiple of " + std::to_string(how.scale_bytes);
    if (d.a_mn_major || d.b_mn_major) return "has an MN-major operand, which kinds of packed elements do not know";
    return "";
}

}  // namespace

std::string read_mma_descriptor(std::uint32_t bits, const Tcgen05& how, MmaDescriptor& out) {
    const Fields field(bits);
    const bool scaled = has_scales(how.kind);
    out.m = static_cast<int>(scaled ? field(27, 2) << 7 : field(24, 5) << 4);
    out.n = static_cast<int>(field(17, 6) << 3);
    out.a_mn_major = field(15, 1) != 0;
    out.b_mn_major = field(16, 1) != 0;
    out.scale_a = scaled ? static_cast<int>(field(29, 2)) : 0;
    out.scale_b = scaled ? static_cast<int>(field(4, 2)) : 0;
    out.scales = field(23, 1) != 0 ? emulation::ScaleType::ue8m0 : emulation::ScaleType::ue4m3;
    std::string problem = fixed_bits_problem(field, how);
    if (problem.empty()) problem = type_of(field(7, 3), how.kind, out.a);
    if (problem.empty()) problem = type_of(field(10, 3), how.kind, out.b);
    if (problem.empty() && how.kind == MmaKind::f16 && out.a != out.b) problem = "has an A and a B of different types";
    if (problem.empty()) problem = size_problem(out, how);
    if (problem.empty()) problem = scale_problem(out, how);
    if (problem.empty() && how.a_in_tensor_memory && (out.a_mn_major || out.a == MmaType::e2m1))
        problem = "has an A in tensor memory that is MN-major or E2M1, which the machine does not know";
    return problem;
}

std::vector<MmaPart> mma_parts(const MmaDescriptor& d, int group) {
    if (group == 1 && d.m == 128) return {{0, 0, 128, 0, d.n, 0}};
    if (group == 1)
        return {{0, 0, 16, 0, d.n, 0}, {0, 16, 16, 0, d.n, 32}, {0, 32, 16, 0, d.n, 64}, {0, 48, 16, 0, d.n, 96}};
    if (d.m == 256) return {{0, 0, 128, 0, d.n, 0}, {1, 128, 128, 0, d.n, 0}};
    const int half = d.n / 2;
    return {{0, 0, 64, 0, half, 0}, {0, 0, 64, half, half, 64}, {1, 64, 64, 0, half, 0}, {1, 64, 64, half, half, 64}};
}

}  // namespace aotgemm::ptx_machine

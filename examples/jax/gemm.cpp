// aotgemm_fp8_gemm_nt for XLA's foreign function interface: D [M, N] = (A * SFA) @ (B * SFB)^T inside of a jitted function.
#include <aotgemm/aotgemm.h>

#include <string>

#include "xla/ffi/api/ffi.h"

namespace ffi = xla::ffi;

namespace {

struct Place {
    aotgemm_device_type type;
    int32_t ordinal;
    void* stream;
};

int32_t dtype_of(ffi::DataType type) {
    switch (type) {
        case ffi::DataType::F8E4M3FN: return AOTGEMM_FP8_E4M3;
        case ffi::DataType::BF16: return AOTGEMM_BF16;
        case ffi::DataType::F32: return AOTGEMM_FP32;
        default: return AOTGEMM_DTYPE_OTHER;
    }
}

// XLA's buffers are row-major. Of one that holds a transposed matrix, is_transposed gives the matrix.
aotgemm_tensor matrix_of(const ffi::AnyBuffer& buffer, const Place& place, bool is_transposed = false) {
    aotgemm_tensor out{};
    out.data = buffer.untyped_data();
    out.device_type = place.type;
    out.device_id = place.ordinal;
    out.dtype = dtype_of(buffer.element_type());
    out.ndim = 2;
    const int row = is_transposed ? 1 : 0;
    out.shape[row] = buffer.dimensions()[0];
    out.shape[1 - row] = buffer.dimensions()[1];
    out.stride[row] = buffer.dimensions()[1];
    out.stride[1 - row] = 1;
    return out;
}

// sfa comes transposed, [ceil(K / 128), M] with M a multiple of 4: so a GPU reads it without a copy.
ffi::Error multiply(const Place& place, const ffi::AnyBuffer& a, const ffi::AnyBuffer& sfa, const ffi::AnyBuffer& b,
                    const ffi::AnyBuffer& sfb, const ffi::AnyBuffer& d) {
    for (const ffi::AnyBuffer* buffer : {&a, &sfa, &b, &sfb, &d}) {
        if (buffer->dimensions().size() != 2) return ffi::Error::InvalidArgument("aotgemm: every operand is a matrix");
    }
    const aotgemm_tensor left = matrix_of(a, place), right = matrix_of(b, place), out = matrix_of(d, place);
    const aotgemm_tensor of_left = matrix_of(sfa, place, true), of_right = matrix_of(sfb, place);
    aotgemm_launch launch{};
    launch.stream = place.stream;
    launch.kernel = -1;
    if (aotgemm_fp8_gemm_nt(&left, &of_left, &right, &of_right, &out, &launch) == AOTGEMM_OK) return ffi::Error::Success();
    return ffi::Error::InvalidArgument(aotgemm_last_error());
}

ffi::Error on_cpu(ffi::AnyBuffer a, ffi::AnyBuffer sfa, ffi::AnyBuffer b, ffi::AnyBuffer sfb,
                  ffi::Result<ffi::AnyBuffer> d) {
    return multiply({AOTGEMM_CPU, 0, nullptr}, a, sfa, b, sfb, *d);
}

ffi::Error on_cuda(void* stream, int32_t ordinal, ffi::AnyBuffer a, ffi::AnyBuffer sfa, ffi::AnyBuffer b,
                   ffi::AnyBuffer sfb, ffi::Result<ffi::AnyBuffer> d) {
    return multiply({AOTGEMM_CUDA, ordinal, stream}, a, sfa, b, sfb, *d);
}

}  // namespace

XLA_FFI_DEFINE_HANDLER_SYMBOL(aotgemm_jax_cpu, on_cpu,
                              ffi::Ffi::Bind()
                                  .Arg<ffi::AnyBuffer>()
                                  .Arg<ffi::AnyBuffer>()
                                  .Arg<ffi::AnyBuffer>()
                                  .Arg<ffi::AnyBuffer>()
                                  .Ret<ffi::AnyBuffer>());

XLA_FFI_DEFINE_HANDLER_SYMBOL(aotgemm_jax_cuda, on_cuda,
                              ffi::Ffi::Bind()
                                  .Ctx<ffi::PlatformStream<void*>>()
                                  .Ctx<ffi::DeviceOrdinal>()
                                  .Arg<ffi::AnyBuffer>()
                                  .Arg<ffi::AnyBuffer>()
                                  .Arg<ffi::AnyBuffer>()
                                  .Arg<ffi::AnyBuffer>()
                                  .Ret<ffi::AnyBuffer>());

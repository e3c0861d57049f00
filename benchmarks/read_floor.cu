// What reading so many bytes from DRAM costs at least, timed as `aotgemm bench` times a GEMM: 256 MB overwritten first, one
// kernel between two events. No GEMM that reads its weights once can be faster under that timing.
//
//     nvcc -O3 -std=c++20 -arch=sm_90a -run benchmarks/read_floor.cu
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <vector>

#include <cuda_runtime.h>

constexpr int kThreads = 1024, kUnroll = 4, kRounds = 41;
constexpr size_t kFlushBytes = 256 << 20, kMostBytes = size_t{128} << 20, kSlots = 3;

__global__ void empty() {}

// Each block reads its own contiguous part, 16 bytes a thread, kUnroll loads under way.
__global__ void __launch_bounds__(kThreads) read(const uint4* from, size_t count, uint4* never) {
    const size_t part = (count + gridDim.x - 1) / gridDim.x;
    const size_t first = blockIdx.x * part, end = min(first + part, count);
    uint32_t sum = 0;
    for (size_t i = first + threadIdx.x; i < end; i += kUnroll * kThreads) {
        uint4 values[kUnroll];
#pragma unroll
        for (int j = 0; j < kUnroll; ++j) values[j] = i + j * kThreads < end ? __ldcs(from + i + j * kThreads) : uint4{};
#pragma unroll
        for (int j = 0; j < kUnroll; ++j) sum ^= values[j].x ^ values[j].y ^ values[j].z ^ values[j].w;
    }
    if (sum == 0x9E3779B9) *never = uint4{sum, 0, 0, 0};  // keeps the loads
}

template <class Launch>
float median_us(void* flush, Launch launch) {
    cudaEvent_t start, end;
    cudaEventCreate(&start);
    cudaEventCreate(&end);
    std::vector<float> us(kRounds);
    for (int round = 0; round < kRounds; ++round) {
        cudaMemsetAsync(flush, round, kFlushBytes);
        cudaEventRecord(start);
        launch(round);
        cudaEventRecord(end);
        cudaEventSynchronize(end);
        cudaEventElapsedTime(&us[round], start, end);
        us[round] *= 1e3F;
    }
    std::nth_element(us.begin(), us.begin() + kRounds / 2, us.end());
    return us[kRounds / 2];
}

int main() {
    cudaDeviceProp card{};
    cudaGetDeviceProperties(&card, 0);
    void *flush, *data, *never;
    cudaMalloc(&flush, kFlushBytes);
    cudaMalloc(&data, kMostBytes * kSlots);
    cudaMalloc(&never, sizeof(uint4));
    cudaMemset(data, 0, kMostBytes * kSlots);
    std::printf("%s\nempty kernel %.2f us\n", card.name, median_us(flush, [&](int) { empty<<<card.multiProcessorCount, 256>>>(); }));
    // Weights and activations of 64x7168x2048, 64x2112x7168, 64x4096x7168, 64x8192x8192 and 64x7168x16384.
    for (const size_t bytes : {14811136UL, 15597568UL, 29818880UL, 67633152UL, 118489088UL}) {
        const float us = median_us(flush, [&](int round) {
            const auto* from = static_cast<const uint4*>(data) + round % kSlots * kMostBytes / sizeof(uint4);
            read<<<2 * card.multiProcessorCount, kThreads>>>(from, bytes / sizeof(uint4), static_cast<uint4*>(never));
        });
        std::printf("%6.1f MB %7.2f us %6.0f GB/s\n", bytes / 1e6, us, bytes / us / 1e3);
    }
    const cudaError_t error = cudaDeviceSynchronize();
    if (error != cudaSuccess) std::fprintf(stderr, "%s\n", cudaGetErrorString(error));
    return error != cudaSuccess;
}

#include "dispatch/base/sha256.hpp"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

namespace aotgemm {
namespace {

constexpr std::size_t kBlockBytes = 64;
constexpr int kRounds = 64;

constexpr bool is_prime(uint32_t value) {
    for (uint32_t divisor = 2; divisor * divisor <= value; ++divisor) {
        if (value % divisor == 0) return false;
    }
    return value > 1;
}

// The first 32 fraction bits of the `degree`-th root of a prime: the largest r with r^degree <= prime * 2^(32 * degree),
// less its integer part. Found bit by bit, so that no constant has to be copied from the standard's tables.
constexpr uint32_t root_fraction(uint32_t prime, int degree) {
    unsigned __int128 root = 0;
    const unsigned __int128 wanted = static_cast<unsigned __int128>(prime) << (32 * degree);
    for (int bit = 36; bit >= 0; --bit) {
        const unsigned __int128 candidate = root | static_cast<unsigned __int128>(1) << bit;
        unsigned __int128 power = candidate;
        for (int i = 1; i < degree; ++i) power *= candidate;
        if (power <= wanted) root = candidate;
    }
    return static_cast<uint32_t>(root);
}

template <std::size_t count>
constexpr std::array<uint32_t, count> root_fractions(int degree) {
    std::array<uint32_t, count> fractions{};
    uint32_t prime = 1;
    for (uint32_t& fraction : fractions) {
        do ++prime;
        while (!is_prime(prime));
        fraction = root_fraction(prime, degree);
    }
    return fractions;
}

constexpr std::array<uint32_t, 8> kInitial = root_fractions<8>(2);           // section 5.3.3: square roots
constexpr std::array<uint32_t, kRounds> kConstants = root_fractions<kRounds>(3);  // section 4.2.2: cube roots

uint32_t big_endian(const unsigned char* bytes) {
    return uint32_t{bytes[0]} << 24 | uint32_t{bytes[1]} << 16 | uint32_t{bytes[2]} << 8 | bytes[3];
}

std::array<uint32_t, kRounds> expand(const unsigned char* block) {
    std::array<uint32_t, kRounds> words;
    for (int t = 0; t < 16; ++t) words[t] = big_endian(block + 4 * t);
    for (int t = 16; t < kRounds; ++t) {
        const uint32_t near = words[t - 2], far = words[t - 15];
        const uint32_t mixed_near = std::rotr(near, 17) ^ std::rotr(near, 19) ^ near >> 10;
        const uint32_t mixed_far = std::rotr(far, 7) ^ std::rotr(far, 18) ^ far >> 3;
        words[t] = mixed_near + words[t - 7] + mixed_far + words[t - 16];
    }
    return words;
}

// Section 6.2.2, with the standard's names of the working variables.
void absorb(std::array<uint32_t, 8>& hash, const unsigned char* block) {
    const std::array<uint32_t, kRounds> words = expand(block);
    auto [a, b, c, d, e, f, g, h] = hash;
    for (int t = 0; t < kRounds; ++t) {
        const uint32_t choice = (e & f) ^ (~e & g), majority = (a & b) ^ (a & c) ^ (b & c);
        const uint32_t first = h + (std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25)) + choice + kConstants[t] + words[t];
        const uint32_t second = (std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22)) + majority;
        h = g;
        g = f;
        f = e;
        e = d + first;
        d = c;
        c = b;
        b = a;
        a = first + second;
    }
    const std::array<uint32_t, 8> worked{a, b, c, d, e, f, g, h};
    for (int i = 0; i < 8; ++i) hash[i] += worked[i];
}

std::string hex(const std::array<uint32_t, 8>& hash) {
    constexpr const char* kDigits = "0123456789abcdef";
    std::string digits;
    for (const uint32_t word : hash) {
        for (int shift = 28; shift >= 0; shift -= 4) digits += kDigits[word >> shift & 15];
    }
    return digits;
}

}  // namespace

std::string sha256_hex(const unsigned char* data, std::size_t size) {
    std::array<uint32_t, 8> hash = kInitial;
    const std::size_t whole = size / kBlockBytes * kBlockBytes;
    for (std::size_t at = 0; at < whole; at += kBlockBytes) absorb(hash, data + at);
    // The rest, a one bit, zeros, and the length in bits: one or two more blocks.
    std::array<unsigned char, 2 * kBlockBytes> tail{};
    const std::size_t rest = size - whole, used = rest + 9 <= kBlockBytes ? kBlockBytes : 2 * kBlockBytes;
    if (rest > 0) std::memcpy(tail.data(), data + whole, rest);
    tail[rest] = 0x80;
    for (int i = 0; i < 8; ++i) tail[used - 1 - i] = static_cast<unsigned char>(uint64_t{size} * 8 >> (8 * i));
    for (std::size_t at = 0; at < used; at += kBlockBytes) absorb(hash, tail.data() + at);
    return hex(hash);
}

}  // namespace aotgemm

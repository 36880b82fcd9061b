// SPDX-License-Identifier: Apache-2.0
// A register-blocked matrix product on packed panels, in 16-byte lanes every x86-64 and AArch64 has.
// Each result is summed in the order of k without fused multiply-add, so it equals the plain scalar loop bit for bit
// and does not depend on block sizes, threads or the BLAS installed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace einloom::kernel {

template <class T>
struct MicroKernel {
  static constexpr std::int64_t kLanes = 16 / static_cast<std::int64_t>(sizeof(T));
  static constexpr std::int64_t kRows = 4;
  static constexpr std::int64_t kColumns = 2 * kLanes;
  typedef T Lanes __attribute__((vector_size(16)));

  // c[kRows][kColumns] (rows `c_stride` apart) += a[depth][kRows] · b[depth][kColumns].
  static void run(std::int64_t depth, const T* a, const T* b, T* c, std::int64_t c_stride) {
    Lanes sum[kRows][2];
    for (std::int64_t i = 0; i < kRows; ++i) {
      std::memcpy(&sum[i][0], c + i * c_stride, sizeof(Lanes));
      std::memcpy(&sum[i][1], c + i * c_stride + kLanes, sizeof(Lanes));
    }
    for (std::int64_t k = 0; k < depth; ++k) {
      Lanes left, right;
      std::memcpy(&left, b, sizeof(Lanes));
      std::memcpy(&right, b + kLanes, sizeof(Lanes));
#pragma GCC unroll 4
      for (std::int64_t i = 0; i < kRows; ++i) {
        const Lanes value = a[i] - Lanes{};
        sum[i][0] += value * left;
        sum[i][1] += value * right;
      }
      a += kRows;
      b += kColumns;
    }
    for (std::int64_t i = 0; i < kRows; ++i) {
      std::memcpy(c + i * c_stride, &sum[i][0], sizeof(Lanes));
      std::memcpy(c + i * c_stride + kLanes, &sum[i][1], sizeof(Lanes));
    }
  }
};

}  // namespace einloom::kernel

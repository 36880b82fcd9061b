// SPDX-License-Identifier: Apache-2.0
// A linear recurrence in chunks: S[n+1] = a·S[n] + k·v token by token becomes a state for each chunk of L tokens, and
// inside a chunk a triangle of pairs of tokens. With D(i,j) = a[j+1] · … · a[i]:
//   S[cL+l+1] = D(l,-1) · S[cL] + sum(j <= l) D(l,j) · k[cL+j]·v[cL+j]
// What reads the state in a sum, sum(e) q·S, becomes D · (sum(e) q·S[cL]) + sum(j) (D · sum(e) q·k) · v: the state of a
// token is not made. What reads it in another way reads it as a tensor of its own.
// Where k·v depends on the state before its step (the delta rule's error, feedback), these values alone are made step
// by step inside a chunk, from those of the steps before: an iteration over vectors in the place of one over matrices.
// Contract: inputs and outputs keep their ranks; the values of every output are the same.
#pragma once

#include <cstdint>
#include <string>

#include "einsum/cascade.hpp"

namespace einloom::transforms {

inline constexpr std::int64_t kDefaultChunk = 64;

// `rank` is iterative, or the rank that an iterative one is derived from (T of N: T). Its parts are named after it (N1,
// N0), the other token of a chunk N0J; N0 is a parameter with `chunk` as its default. Decays that do not vary along the
// rank become powers, decays that are exponentials sums of exponents, others products.
// UserError transform-impossible: no such iteration, one over tiles, an update that is not linear in its state.
[[nodiscard]] Cascade chunk_recurrence(const Cascade& cascade, const std::string& rank, std::int64_t chunk);

}  // namespace einloom::transforms

// SPDX-License-Identifier: Apache-2.0
// Small cascades that between them use what the language has, for tests of plans that must run whatever the cascade.
#pragma once

#include <string>
#include <vector>

namespace einloom::test {

struct SmallCascade {
  std::string what, text;
};

inline const std::vector<SmallCascade>& small_cascades() {
  static const std::vector<SmallCascade> all = {
      {"linear attention: a matrix state", R"yaml(cascade: linear
ranks: [B, H, T, D, F]
iterative: [T]
tensors:
  Q: {ranks: [B, H, T, D], role: input}
  K: {ranks: [B, H, T, D], role: input}
  V: {ranks: [B, H, T, F], role: input}
  S: {ranks: [B, H, T, D, F], initial: 0}
  O: {ranks: [B, H, T, F], role: output}
einsums:
  - S[b,h,t+1,d,f] = S[b,h,t,d,f] + K[b,h,t,d] * V[b,h,t,f]
  - O[b,h,t,f] = sum(d) Q[b,h,t,d] * S[b,h,t+1,d,f]
)yaml"},
      {"a gated delta rule, its outputs normalised; the last state is a result", R"yaml(cascade: delta
ranks: [H, T, D, F]
iterative: [T]
tensors:
  Q: {ranks: [H, T, D], role: input}
  K: {ranks: [H, T, D], role: input}
  V: {ranks: [H, T, F], role: input}
  BT: {ranks: [H, T], role: input}
  AL: {ranks: [H, T], role: input}
  G: {ranks: [H, T]}
  R: {ranks: [H, T, F]}
  U: {ranks: [H, T, F]}
  S: {ranks: [H, T, D, F], initial: 0}
  O: {ranks: [H, T, F]}
  N: {ranks: [H, T]}
  Y: {ranks: [H, T, F], role: output}
  Z: {ranks: [H, D, F], role: output}
einsums:
  - G[h,t] = sigmoid(AL[h,t])
  - R[h,t,f] = sum(d) K[h,t,d] * S[h,t,d,f]
  - U[h,t,f] = BT[h,t] * (V[h,t,f] - G[h,t] * R[h,t,f])
  - S[h,t+1,d,f] = G[h,t] * S[h,t,d,f] + K[h,t,d] * U[h,t,f]
  - O[h,t,f] = sum(d) Q[h,t,d] * S[h,t+1,d,f]
  - N[h,t] = sum(f) O[h,t,f] * O[h,t,f]
  - Y[h,t,f] = O[h,t,f] * rsqrt(N[h,t] + 1)
  - Z[h,d,f] = S[h,T,d,f]
)yaml"},
      {"a convolution whose taps leave the input at both ends", R"yaml(cascade: conv
ranks: [I, R, C, O]
tensors:
  X: {ranks: [I, C], role: input}
  W: {ranks: [R, C, O], role: input}
  Y: {ranks: [I, O], role: output}
einsums:
  - Y[i,o] = sum(r,c) X[i+r-1,c] * W[r,c,o]
)yaml"},
      {"a strided convolution of an intermediate, and a reduction over the output positions", R"yaml(cascade: strided
ranks: [I, R, C, O]
tensors:
  X: {ranks: [I, C], role: input}
  W: {ranks: [R, C, O], role: input}
  A: {ranks: [I, C]}
  Y: {ranks: [I, O]}
  M: {ranks: [O]}
  Z: {ranks: [I, O], role: output}
einsums:
  - A[i,c] = relu(X[i,c])
  - Y[i,o] = sum(r,c) A[2*i+r-3,c] * W[r,c,o]
  - M[o] = max(i) Y[i,o]
  - Z[i,o] = Y[i,o] - M[o]
)yaml"},
      {"an iteration inside an iteration", R"yaml(cascade: nested
ranks: [T, S, D, E]
iterative: [T, S]
tensors:
  X: {ranks: [T, S, D], role: input}
  A: {ranks: [T, D, E], role: input}
  N: {ranks: [T, S, D]}
  I: {ranks: [T, S, D], initial: 1}
  L: {ranks: [T, D]}
  P: {ranks: [T, D], initial: 0.5}
  Q: {ranks: [T, E]}
  Y: {ranks: [T, E], role: output}
einsums:
  - N[t,s,d] = X[t,s,d] * P[t,d]
  - I[t,s+1,d] = 0.5 * I[t,s,d] + N[t,s,d]
  - L[t,d] = I[t,S,d]
  - P[t+1,d] = 0.5 * P[t,d] + L[t,d]
  - Q[t,e] = sum(d) P[t+1,d] * A[t,d,e]
  - Y[t,e] = tanh(Q[t,e])
)yaml"},
      {"a softmax over heads", R"yaml(cascade: headsoft
ranks: [B, H, P, M, E]
tensors:
  Q: {ranks: [B, H, P, E], role: input}
  K: {ranks: [B, H, M, E], role: input}
  S: {ranks: [B, H, P, M]}
  G: {ranks: [B, P, M]}
  X: {ranks: [B, H, P, M]}
  D: {ranks: [B, P, M]}
  A: {ranks: [B, H, P, M]}
  Y: {ranks: [B, H, P, E], role: output}
einsums:
  - S[b,h,p,m] = sum(e) Q[b,h,p,e] * K[b,h,m,e]
  - G[b,p,m] = max(h) S[b,h,p,m]
  - X[b,h,p,m] = exp(S[b,h,p,m] - G[b,p,m])
  - D[b,p,m] = sum(h) X[b,h,p,m]
  - A[b,h,p,m] = X[b,h,p,m] / D[b,p,m]
  - Y[b,h,p,e] = sum(m) A[b,h,p,m] * K[b,h,m,e]
)yaml"},
      {"reductions over several ranks, and of two kinds in one Einsum", R"yaml(cascade: several
ranks: [A, B, C, D]
tensors:
  X: {ranks: [A, B, C, D], role: input}
  Y: {ranks: [C, D], role: input}
  S: {ranks: [A]}
  P: {ranks: [B]}
  M: {ranks: [A, B]}
  N: {ranks: []}
  Z: {ranks: [A, B], role: output}
einsums:
  - S[a] = sum(b,c,d) X[a,b,c,d] * Y[c,d]
  - P[b] = min(a,c,d) X[a,b,c,d]
  - M[a,b] = max(c) sum(d) X[a,b,c,d] * Y[c,d]
  - N[] = sum(a,b) M[a,b]
  - Z[a,b] = S[a] * P[b] + M[a,b] / N[]
)yaml"},
      {"maps only, with operands that are broadcast, a scalar and index values", R"yaml(cascade: maps
ranks: [A, B, C]
tensors:
  X: {ranks: [A, B, C], role: input}
  W: {ranks: [B], role: input}
  U: {ranks: [C], role: input}
  T: {ranks: [A, C], role: input}
  V: {ranks: [], role: input}
  Y: {ranks: [A, B, C]}
  Z: {ranks: [A, B, C], role: output}
  K: {ranks: [B, C], role: output}
einsums:
  - Y[a,b,c] = X[a,b,c] * W[b] + U[c] * V[] + 3
  - Z[a,b,c] = tanh(Y[a,b,c]) * T[a,c] + rsqrt(C) * (a - b)
  - K[b,c] = U[c] * W[b] + b
)yaml"},
      {"tensors without ranks", R"yaml(cascade: scalar
ranks: [I]
tensors:
  X: {ranks: [I], role: input}
  S: {ranks: []}
  N: {ranks: [], role: output}
  Y: {ranks: [I], role: output}
  Q: {ranks: [], role: output}
einsums:
  - S[] = sum(i) X[i] * X[i]
  - N[] = rsqrt(S[])
  - Y[i] = X[i] * N[]
  - Q[] = max(i) Y[i]
)yaml"},
      {"tensors of six ranks", R"yaml(cascade: six
ranks: [A, B, C, D, E, F, G]
tensors:
  X: {ranks: [A, B, C, D, E, F], role: input}
  Y: {ranks: [A, B, C, D, F, G], role: input}
  Z: {ranks: [A, B, C, D, E, G]}
  W: {ranks: [A, C, G], role: output}
  V: {ranks: [A, B, C, D, E, G], role: output}
einsums:
  - Z[a,b,c,d,e,g] = sum(f) X[a,b,c,d,e,f] * Y[a,b,c,d,f,g]
  - W[a,c,g] = sum(b,d,e) Z[a,b,c,d,e,g]
  - V[a,b,c,d,e,g] = Z[a,b,c,d,e,g] - W[a,c,g]
)yaml"},
      {"one tensor read in several ways, forwards and backwards", R"yaml(cascade: stencil
ranks: [I, C]
tensors:
  X: {ranks: [I, C], role: input}
  A: {ranks: [I, C]}
  Y: {ranks: [I, C]}
  Z: {ranks: [I, C], role: output}
einsums:
  - A[i,c] = X[i-1,c] + X[i,c] * X[i+1,c]
  - Y[i,c] = A[i+1,c] - A[i-1,c] + A[i,c] * X[i,c]
  - Z[i,c] = Y[i,c] + A[0,c] * Y[2,c] + A[-i+I-1,c]
)yaml"},
      {"all states are read again, and are a result", R"yaml(cascade: states
ranks: [T, D]
iterative: [T]
tensors:
  X: {ranks: [T, D], role: input}
  S: {ranks: [T, D], initial: 1, role: output}
  A: {ranks: [T, D]}
  R: {ranks: [D]}
  F: {ranks: [T, D], role: output}
  L: {ranks: [D], role: output}
einsums:
  - A[t,d] = X[t,d] * S[t,d]
  - S[t+1,d] = 0.5 * S[t,d] + A[t,d]
  - R[d] = sum(t) A[t,d] * S[t+1,d]
  - F[t,d] = A[t,d] - R[d] + S[t,d]
  - L[d] = R[d] + S[T,d]
)yaml"},
      {"a partitioned rank used whole, in parts, and its inner part alone", R"yaml(cascade: parts
ranks: [P, M, E]
partitions: {M: [M1, M0]}
parameters: {M0: 4}
tensors:
  X: {ranks: [M, E], role: input}
  W: {ranks: [M0], role: input}
  Y: {ranks: [M, E]}
  Z: {ranks: [M1, M0, P]}
  Q: {ranks: [P, E], role: input}
  O: {ranks: [M1, P], role: output}
  V: {ranks: [M0], role: output}
  U: {ranks: [M, E], role: output}
einsums:
  - Y[m,e] = relu(X[m,e])
  - V[m0] = W[m0] * 2 + W[m0]
  - Z[m1,m0,p] = sum(e) Y[m1*M0+m0,e] * Q[p,e]
  - O[m1,p] = sum(m0) Z[m1,m0,p] * V[m0]
  - U[m,e] = Y[m,e] + X[m,e]
)yaml"},
      {"results that are read again", R"yaml(cascade: outputs
ranks: [T, N, K]
tensors:
  X: {ranks: [T, K], role: input}
  W: {ranks: [K, N], role: input}
  Y: {ranks: [T, N], role: output}
  Z: {ranks: [T, N], role: output}
  V: {ranks: [T, K], role: output}
einsums:
  - Y[t,n] = sum(k) X[t,k] * W[k,n]
  - Z[t,n] = exp(Y[t,n])
  - V[t,k] = sum(n) Z[t,n] * W[k,n]
)yaml"},
      {"a sliding window of keys and a bias by distance", R"yaml(cascade: alibi
ranks: [H, P, M, E]
parameters: {WIN: 4}
tensors:
  Q: {ranks: [H, P, E], role: input}
  K: {ranks: [H, M, E], role: input}
  L: {ranks: [H], role: input}
  S: {ranks: [H, P, M]}
  G: {ranks: [H, P]}
  X: {ranks: [H, P, M]}
  D: {ranks: [H, P]}
  O: {ranks: [H, P, E], role: output}
einsums:
  - S[h,p,m] = sum(e) Q[h,p,e] * K[h,m,e] * rsqrt(E) + L[h] * (m - p) | m <= p and m + WIN > p
  - G[h,p] = max(m) S[h,p,m]
  - X[h,p,m] = exp(S[h,p,m] - G[h,p])
  - D[h,p] = sum(m) X[h,p,m]
  - O[h,p,e] = sum(m) X[h,p,m] * K[h,m,e] / D[h,p]
)yaml"},
      {"states whose update is absent at some points", R"yaml(cascade: masked_state
ranks: [T, D]
iterative: [T]
tensors:
  X: {ranks: [T, D], role: input}
  S: {ranks: [T, D], initial: 0}
  P: {ranks: [T, D], initial: 1}
  Y: {ranks: [D], role: output}
einsums:
  - S[t+1,d] = max(S[t,d], X[t,d]) | t <= d
  - P[t+1,d] = P[t,d] * 0.5 + S[t+1,d] - S[t,d]
  - Y[d] = P[T,d] * S[T,d]
)yaml"},
      {"each kind of reduction, and a constant", R"yaml(cascade: kinds
ranks: [A, B]
tensors:
  X: {ranks: [A, B], role: input}
  P: {ranks: [A], role: output}
  M: {ranks: [B], role: output}
  N: {ranks: [A], role: output}
  C: {ranks: [A, B], role: output}
einsums:
  - P[a] = prod(b) X[a,b]
  - M[b] = max(a) abs(X[a,b]) - 1
  - N[a] = min(b) sqrt(square(X[a,b]))
  - C[a,b] = 1 | a < A and b < B
)yaml"},
      {"two iterations over one rank, with a reduction over it in between", R"yaml(cascade: late
ranks: [T, D, N]
iterative: [T]
tensors:
  X: {ranks: [T, D], role: input}
  W: {ranks: [D, N], role: input}
  H: {ranks: [T, N]}
  S: {ranks: [T, N], initial: 0}
  Y: {ranks: [T, N]}
  G: {ranks: [N]}
  Z: {ranks: [T, N], role: output}
  E2: {ranks: [T, N], initial: 0}
  O: {ranks: [T, N], role: output}
einsums:
  - H[t,n] = sum(d) X[t,d] * W[d,n]
  - S[t+1,n] = 0.5 * S[t,n] + H[t,n]
  - Y[t,n] = tanh(S[t+1,n])
  - G[n] = sum(t) Y[t,n]
  - Z[t,n] = Y[t,n] / G[n]
  - E2[t+1,n] = 0.5 * E2[t,n] + Z[t,n] * S[t+1,n]
  - O[t,n] = E2[t+1,n] + S[T,n]
)yaml"},
      {"linear attention in chunks", R"yaml(cascade: chunks
ranks: [H, S, D, F]
partitions: {S: [N, C]}
parameters: {C: 4}
iterative: [N]
tensors:
  Q: {ranks: [H, S, D], role: input}
  K: {ranks: [H, S, D], role: input}
  V: {ranks: [H, S, F], role: input}
  A: {ranks: [H, N, C, S]}
  B: {ranks: [H, N, C, F]}
  U: {ranks: [H, N, D, F]}
  G: {ranks: [H, N, D, F], initial: 0}
  I: {ranks: [H, N, C, F]}
  O: {ranks: [H, N, C, F], role: output}
einsums:
  - A[h,n,c,s] = sum(d) Q[h,n*C+c,d] * K[h,s,d] | s <= n*C+c and s >= n*C
  - B[h,n,c,f] = sum(s) A[h,n,c,s] * V[h,s,f]
  - I[h,n,c,f] = sum(d) Q[h,n*C+c,d] * G[h,n,d,f]
  - U[h,n,d,f] = sum(c) K[h,n*C+c,d] * V[h,n*C+c,f]
  - G[h,n+1,d,f] = G[h,n,d,f] + U[h,n,d,f]
  - O[h,n,c,f] = B[h,n,c,f] + I[h,n,c,f]
)yaml"},
      {"an operand read along a diagonal", R"yaml(cascade: poly
ranks: [P, M, E, N]
tensors:
  Q: {ranks: [P, E], role: input}
  R: {ranks: [N, E], role: input}
  S: {ranks: [P, M]}
  T: {ranks: [N, E]}
  U: {ranks: [P, M], role: output}
einsums:
  - T[n,e] = R[n,e] * 2 + R[n,e]
  - S[p,m] = sum(e) Q[p,e] * T[p-m+3,e]
  - U[p,m] = S[p,m] + sigmoid(S[p,m])
)yaml"},
  };
  return all;
}

}  // namespace einloom::test

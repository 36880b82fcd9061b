// SPDX-License-Identifier: Apache-2.0
// One entry point per file of kernels, sorted; list.cpp joins what they return.
#pragma once

#include <vector>

#include "einsum/reference/reference.hpp"

namespace einloom::reference {

[[nodiscard]] std::vector<ReferenceKernel> activator_glu_kernels();
[[nodiscard]] std::vector<ReferenceKernel> alternating_subregion_kernels();
[[nodiscard]] std::vector<ReferenceKernel> attention_baselines_kernels();
[[nodiscard]] std::vector<ReferenceKernel> consist_edit_kernels();
[[nodiscard]] std::vector<ReferenceKernel> cross_attention_learning_kernels();
[[nodiscard]] std::vector<ReferenceKernel> davit_kernels();
[[nodiscard]] std::vector<ReferenceKernel> deconstructed_attention_kernels();
[[nodiscard]] std::vector<ReferenceKernel> gated_attention_kernels();
[[nodiscard]] std::vector<ReferenceKernel> in_context_multimodal_kernels();
[[nodiscard]] std::vector<ReferenceKernel> kan_layer_kernels();
[[nodiscard]] std::vector<ReferenceKernel> maelre_kernels();
[[nodiscard]] std::vector<ReferenceKernel> matmul_kernels();
[[nodiscard]] std::vector<ReferenceKernel> mla_kernels();
[[nodiscard]] std::vector<ReferenceKernel> neighborhood_kernels();
[[nodiscard]] std::vector<ReferenceKernel> pwl_attention_kernels();
[[nodiscard]] std::vector<ReferenceKernel> rcmha_kernels();
[[nodiscard]] std::vector<ReferenceKernel> reversed_attention_kernels();
[[nodiscard]] std::vector<ReferenceKernel> softmax_attention_kernels();
[[nodiscard]] std::vector<ReferenceKernel> token_compression_kernels();
[[nodiscard]] std::vector<ReferenceKernel> x_pool_kernels();

}  // namespace einloom::reference

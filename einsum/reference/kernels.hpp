// SPDX-License-Identifier: Apache-2.0
// One entry point per file of kernels, sorted; list.cpp joins what they return.
#pragma once

#include <vector>

#include "einsum/reference/reference.hpp"

namespace einloom::reference {

[[nodiscard]] std::vector<ReferenceKernel> attention_redistribution_kernels();
[[nodiscard]] std::vector<ReferenceKernel> attention_signals_kernels();
[[nodiscard]] std::vector<ReferenceKernel> attention_strength_kernels();
[[nodiscard]] std::vector<ReferenceKernel> cope_fusion_kernels();
[[nodiscard]] std::vector<ReferenceKernel> decode_attention_kernels();
[[nodiscard]] std::vector<ReferenceKernel> dynamic_mask_kernels();
[[nodiscard]] std::vector<ReferenceKernel> flash_backward_kernels();
[[nodiscard]] std::vector<ReferenceKernel> layer_adapter_kernels();
[[nodiscard]] std::vector<ReferenceKernel> matmul_kernels();
[[nodiscard]] std::vector<ReferenceKernel> object_attention_kernels();
[[nodiscard]] std::vector<ReferenceKernel> paro_kernels();
[[nodiscard]] std::vector<ReferenceKernel> pwl_attention_kernels();
[[nodiscard]] std::vector<ReferenceKernel> ring_attention_kernels();
[[nodiscard]] std::vector<ReferenceKernel> soft_pag_kernels();
[[nodiscard]] std::vector<ReferenceKernel> softmax_attention_kernels();
[[nodiscard]] std::vector<ReferenceKernel> sparse_d_kernels();
[[nodiscard]] std::vector<ReferenceKernel> sparsifiner_kernels();
[[nodiscard]] std::vector<ReferenceKernel> target_attention_loss_kernels();
[[nodiscard]] std::vector<ReferenceKernel> token_select_kernels();

}  // namespace einloom::reference

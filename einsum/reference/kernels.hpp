// SPDX-License-Identifier: Apache-2.0
// One entry point per file of kernels, sorted; list.cpp joins what they return.
#pragma once

#include <vector>

#include "einsum/reference/reference.hpp"

namespace einloom::reference {

[[nodiscard]] std::vector<ReferenceKernel> activator_glu_kernels();
[[nodiscard]] std::vector<ReferenceKernel> agent_attention_kernels();
[[nodiscard]] std::vector<ReferenceKernel> alternating_subregion_kernels();
[[nodiscard]] std::vector<ReferenceKernel> attention_baselines_kernels();
[[nodiscard]] std::vector<ReferenceKernel> attention_diversification_kernels();
[[nodiscard]] std::vector<ReferenceKernel> attention_redistribution_kernels();
[[nodiscard]] std::vector<ReferenceKernel> attention_signals_kernels();
[[nodiscard]] std::vector<ReferenceKernel> attention_strength_kernels();
[[nodiscard]] std::vector<ReferenceKernel> consist_edit_kernels();
[[nodiscard]] std::vector<ReferenceKernel> cope_fusion_kernels();
[[nodiscard]] std::vector<ReferenceKernel> cosformer_kernels();
[[nodiscard]] std::vector<ReferenceKernel> cross_attention_learning_kernels();
[[nodiscard]] std::vector<ReferenceKernel> davit_kernels();
[[nodiscard]] std::vector<ReferenceKernel> decode_attention_kernels();
[[nodiscard]] std::vector<ReferenceKernel> deconstructed_attention_kernels();
[[nodiscard]] std::vector<ReferenceKernel> delta_net_kernels();
[[nodiscard]] std::vector<ReferenceKernel> dynamic_mask_kernels();
[[nodiscard]] std::vector<ReferenceKernel> ecoformer_kernels();
[[nodiscard]] std::vector<ReferenceKernel> flash_backward_kernels();
[[nodiscard]] std::vector<ReferenceKernel> gaam_kernels();
[[nodiscard]] std::vector<ReferenceKernel> gated_attention_kernels();
[[nodiscard]] std::vector<ReferenceKernel> gn_conv_kernels();
[[nodiscard]] std::vector<ReferenceKernel> hedgehog_kernels();
[[nodiscard]] std::vector<ReferenceKernel> hyper_zzw_kernels();
[[nodiscard]] std::vector<ReferenceKernel> in_context_multimodal_kernels();
[[nodiscard]] std::vector<ReferenceKernel> kan_layer_kernels();
[[nodiscard]] std::vector<ReferenceKernel> layer_adapter_kernels();
[[nodiscard]] std::vector<ReferenceKernel> linear_attention_kernels();
[[nodiscard]] std::vector<ReferenceKernel> linformer_kernels();
[[nodiscard]] std::vector<ReferenceKernel> maelre_kernels();
[[nodiscard]] std::vector<ReferenceKernel> matmul_kernels();
[[nodiscard]] std::vector<ReferenceKernel> minilm_relation_kernels();
[[nodiscard]] std::vector<ReferenceKernel> miras_kernels();
[[nodiscard]] std::vector<ReferenceKernel> mla_kernels();
[[nodiscard]] std::vector<ReferenceKernel> neighborhood_kernels();
[[nodiscard]] std::vector<ReferenceKernel> object_attention_kernels();
[[nodiscard]] std::vector<ReferenceKernel> paro_kernels();
[[nodiscard]] std::vector<ReferenceKernel> performer_kernels();
[[nodiscard]] std::vector<ReferenceKernel> plga_kernels();
[[nodiscard]] std::vector<ReferenceKernel> pwl_attention_kernels();
[[nodiscard]] std::vector<ReferenceKernel> rcmha_kernels();
[[nodiscard]] std::vector<ReferenceKernel> retnet_kernels();
[[nodiscard]] std::vector<ReferenceKernel> reversed_attention_kernels();
[[nodiscard]] std::vector<ReferenceKernel> ring_attention_kernels();
[[nodiscard]] std::vector<ReferenceKernel> sigmoid_attention_kernels();
[[nodiscard]] std::vector<ReferenceKernel> soft_kernels();
[[nodiscard]] std::vector<ReferenceKernel> soft_pag_kernels();
[[nodiscard]] std::vector<ReferenceKernel> softmax_attention_kernels();
[[nodiscard]] std::vector<ReferenceKernel> sparse_d_kernels();
[[nodiscard]] std::vector<ReferenceKernel> sparsifiner_kernels();
[[nodiscard]] std::vector<ReferenceKernel> ssd_kernels();
[[nodiscard]] std::vector<ReferenceKernel> target_attention_loss_kernels();
[[nodiscard]] std::vector<ReferenceKernel> temporal_interest_kernels();
[[nodiscard]] std::vector<ReferenceKernel> token_aware_pooling_kernels();
[[nodiscard]] std::vector<ReferenceKernel> token_compression_kernels();
[[nodiscard]] std::vector<ReferenceKernel> token_select_kernels();
[[nodiscard]] std::vector<ReferenceKernel> x_pool_kernels();

}  // namespace einloom::reference

// SPDX-License-Identifier: Apache-2.0
// Is every published work that the library answers for there, by the names its cascades and presets are known by?
// A cascade of no listed work is welcome.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "support/documents_in_tree.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

struct PublishedWork {
  std::string paper;  // short title
  std::vector<std::string> cascades;
  std::vector<std::string> presets;  // workload shapes that are known by the work's name
};

// In the order of the survey the library was made from; the last row has what many of them build on.
const std::vector<PublishedWork> kWorks = {
    {"X-Pool", {"x_pool"}, {}},
    {"Deconstructing Attention",
     {"decon_standard", "decon_mlp", "decon_taylor", "decon_shared_score", "decon_random_qk", "decon_fixed_qk",
      "decon_static_qk"},
     {}},
    {"Gated Attention for LLMs", {"gated_output", "gated_value"}, {}},
    {"Faster Neighborhood Attention",
     {"neighborhood_1d", "neighborhood_2d", "neighborhood_3d", "neighborhood_fused"},
     {}},
    {"MedViTV2 (DiNA + KAN)", {"dilated_neighborhood_2d", "kan_layer"}, {}},
    {"RCMHA", {"rcmha"}, {}},
    {"Activator", {"activator_glu"}, {}},
    {"MAELRE", {"maelre_merge", "maelre_attention"}, {}},
    {"PLDR-LLM", {"plga", "plga_decode"}, {}},
    {"Gaussian Adaptive Attention", {"gaam"}, {}},
    {"HorNet", {"gn_conv"}, {}},
    {"EcoFormer", {"ecoformer"}, {}},
    {"MiniLM", {"minilm_relation"}, {}},
    {"Hedgehog", {"hedgehog", "hedgehog_causal"}, {}},
    {"It's All Connected (Miras)", {"moneta", "yaad", "memora"}, {}},
    {"HyperZZW", {"hyper_zzw"}, {}},
    {"SOFT", {"soft"}, {}},
    {"Sigmoid self-attention", {"sigmoid_attention"}, {}},
    {"TokenSelect", {"token_select"}, {}},
    {"PUMGPT", {"layer_adapter"}, {"pumgpt"}},
    {"OAT", {"object_attention"}, {"oat"}},
    {"Agent Attention", {"agent_attention"}, {}},
    {"Dynamic Mask Attention", {"dynamic_mask"}, {}},
    {"How Does Attention Work in ViTs", {"attention_strength"}, {"vit_base"}},
    {"PAROAttention", {"paro", "paro_int8"}, {}},
    {"DCAL", {"global_local_cross", "pairwise_cross"}, {}},
    {"Cross-domain product (COPE/ROPE)", {"cope_fusion"}, {"cope"}},
    {"Visual attention sink (VAR)", {"attention_redistribution"}, {}},
    {"E-MMDiT", {"alternating_subregion", "token_compression"}, {}},
    {"ConsistEdit", {"consist_edit"}, {}},
    {"DaViT", {"window_attention", "channel_group_attention"}, {}},
    {"IC-Custom", {"in_context_multimodal"}, {}},
    {"Visual Dependency Transformers", {"reversed_attention"}, {}},
    {"AI agents shopping (ACES)", {}, {"aces_proxy"}},
    {"HeadHunter / SoftPAG", {"soft_pag"}, {}},
    {"SparseD", {"sparse_d_mask", "sparse_d"}, {}},
    {"Robustifying Token Attention", {"token_aware_pooling", "attention_diversification"}, {}},
    {"Temporal Interest Network", {"temporal_interest"}, {}},
    {"Sparsifiner", {"sparsifiner"}, {}},
    {"Target-Aware Video Diffusion", {"target_attention_loss"}, {"tavid"}},
    {"VLN-CM", {}, {"vln_cm"}},
    {"Attention Illuminates LLM Reasoning", {"attention_distance", "future_influence"}, {}},
    {"FuseMax", {"attention_3pass", "attention_2pass", "attention_1pass"}, {}},
    {"PAID", {}, {"paid_sdxl"}},
    {"Backgrounds and companions",
     {"mha",
      "gqa",
      "mqa",
      "mla_naive",
      "mla_absorbed",
      "causal",
      "sliding_window",
      "cross",
      "kv_decode",
      "alibi",
      "rope",
      "sink_tokens",
      "linear_attention",
      "retnet",
      "ssd",
      "delta_net",
      "performer",
      "linformer",
      "cosformer",
      "flash_backward",
      "split_k_decode",
      "paged_decode",
      "ring_attention",
      "fsa"},
     {}},
};

}  // namespace

TEST_CASE("every work's cascades and presets are in the tree") {
  CHECK(kWorks.size() == 45);
  const std::vector<std::string> cascades = documents_of("einsum/cascades"),
                                 models = documents_of("experiments/models");
  const auto has = [](const std::vector<std::string>& names, const std::string& name) {
    return std::binary_search(names.begin(), names.end(), name);
  };
  for (const PublishedWork& work : kWorks) {
    INFO(work.paper);
    CHECK(work.cascades.size() + work.presets.size() > 0);
    for (const std::string& name : work.cascades) {
      INFO(name);
      CHECK(has(cascades, name));
    }
    for (const std::string& name : work.presets) {
      INFO(name);
      CHECK(has(models, name));
    }
  }
}

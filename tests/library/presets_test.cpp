// SPDX-License-Identifier: Apache-2.0
// Do cascades and the models they are run with fit each other? Both lists are the folders, so no entry can be
// forgotten: every preset exists and leaves no rank open, every model is a preset and says nothing that nobody asks
// for, and the operations at published shapes are the published ones.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "einsum/counts.hpp"
#include "experiments/cascade_choice.hpp"
#include "experiments/documents.hpp"
#include "experiments/model.hpp"
#include "experiments/workshop.hpp"

using namespace einloom;

namespace {

constexpr std::int64_t kSequence = 1024;  // of models that leave it open

const Library& library() {
  static const Library tree(EINLOOM_SOURCE_DIR);
  return tree;
}

const Model& model_of(const std::string& name) {
  static std::map<std::string, Model> models;
  const auto known = models.find(name);
  if (known != models.end()) return known->second;
  return models.emplace(name, load_model(library().load(DocumentKind::model, name, Span{}))).first->second;
}

// A cascade in the form that a preset is run in, and its shape there.
struct Run {
  Cascade cascade;
  Shape shape;
};

Run run_of(const std::string& cascade, const std::string& preset) {
  const Model& model = model_of(preset);
  Cascade chosen = load_cascade(with_choices(library().load(DocumentKind::cascade, cascade, Span{}), model.choices));
  Shape given;
  for (const std::string& name : workload_names(chosen)) {
    const auto extent = model.extents.find(name);
    if (extent != model.extents.end()) given.set(name, extent->second);
  }
  for (const std::string& rank : model.from_seq_len) {
    if (!chosen.is_derived(rank)) given.set(rank, model.seq_len.value_or(kSequence));
  }
  Shape shape = chosen.bind(given, model.span);
  return {std::move(chosen), std::move(shape)};
}

std::map<std::string, std::vector<std::string>> presets_of_cascades() {
  std::map<std::string, std::vector<std::string>> presets;
  for (const std::string& name : library().names(DocumentKind::cascade)) {
    presets[name] = load_cascade(library().load(DocumentKind::cascade, name, Span{})).presets();
  }
  return presets;
}

// What a published shape costs: a count of the paper's or of the closed form of its algorithm, all heads and batches.
struct Published {
  const char *preset, *cascade, *operation;
  std::int64_t count;
};

}  // namespace

TEST_CASE("every cascade is run with presets that leave none of its ranks open") {
  std::size_t runs = 0;
  for (const auto& [cascade, presets] : presets_of_cascades()) {
    INFO(cascade);
    CHECK_FALSE(presets.empty());
    CHECK(std::set<std::string>(presets.begin(), presets.end()).size() == presets.size());
    for (const std::string& preset : presets) {
      INFO(preset);
      const Run run = run_of(cascade, preset);
      const OperationCounts counts = count_operations(run.cascade, run.shape);
      CHECK_FALSE(counts.empty());
      for (const auto& [operation, count] : counts) {
        INFO(operation);
        CHECK(count > 0);
      }
      ++runs;
    }
  }
  fmt::print("{} presets of cascades\n", runs);
}

TEST_CASE("every model is a preset, and each of its extents one that a cascade takes") {
  const std::set<std::string> of_specs{"BERT", "T5", "TrXL", "XLM"};  // FuseMax's, with extents of whole layers
  std::map<std::string, std::set<std::string>> taken;                 // by model: ranks and parameters
  for (const auto& [cascade, presets] : presets_of_cascades()) {
    for (const std::string& preset : presets) {
      const Run run = run_of(cascade, preset);
      for (const std::string& name : workload_names(run.cascade)) {
        if (!run.cascade.is_derived(name)) taken[preset].insert(name);
      }
    }
  }
  for (const std::string& name : library().names(DocumentKind::model)) {
    INFO(name);
    const Model& model = model_of(name);
    CHECK(model.name == name);
    CHECK_FALSE(model.description.empty());
    if (of_specs.contains(name)) continue;
    CHECK(taken.contains(name));
    for (const auto& [extent, value] : model.extents) {
      INFO(extent);
      CHECK(taken[name].contains(extent));
    }
  }
}

TEST_CASE("workloads of papers that bring no attention of their own have their names") {
  const auto presets = presets_of_cascades();
  const std::vector<std::pair<std::string, std::string>> named{{"pumgpt", "layer_adapter"},
                                                               {"oat", "object_attention"},
                                                               {"vit_base", "attention_strength"},
                                                               {"cope", "cope_fusion"},
                                                               {"aces_proxy", "gqa"},
                                                               {"aces_proxy_vision", "mha"},
                                                               {"vln_cm", "mha"},
                                                               {"tavid", "target_attention_loss"},
                                                               {"paid_sdxl", "mha"},
                                                               {"paid_sdxl_cross", "cross"}};
  for (const auto& [preset, cascade] : named) {
    INFO(preset << " with " << cascade);
    const std::vector<std::string>& all = presets.at(cascade);
    CHECK(std::find(all.begin(), all.end(), preset) != all.end());
  }
}

TEST_CASE("operations at published shapes are the published ones") {
  for (const Published& row : std::vector<Published>{
           {"x_pool_msrvtt_train", "x_pool", "exp", 12'288},
           {"decon_500m", "decon_standard", "exp", 14 * 2'098'176},
           {"decon_500m", "decon_standard", "mac", 14 * 268'566'528LL},
           {"gated_dense_1_7b", "gated_output", "mac", 16 * (2'148'007'936LL + 1'073'741'824LL)},
           {"nat_tiny_stage1", "neighborhood_2d", "mac", 2 * 9'834'496},
           {"flux_neighborhood", "neighborhood_2d", "mac", 24 * 107'374'182'400LL},
           {"hunyuan_video_neighborhood", "neighborhood_3d", "mac", 24 * 305'764'761'600LL},
           {"natten_line_32k_causal", "neighborhood_1d", "exp", 65'012'736},
           {"natten_line_32k_causal", "neighborhood_1d", "mac", 16'643'260'416},
           {"medvitv2_small_stage3_global", "mha", "mac", 6 * 614'656},
           {"rcmha_128", "rcmha", "exp", 8 * 24'640},
           {"davit_tiny_stage1", "window_attention", "exp", 3 * 153'664},
           {"e_mmdit_512px", "alternating_subregion", "exp", 24 * 147'456},
           {"e_mmdit_512px_mid_groups", "alternating_subregion", "exp", 24 * 10'816},
           {"consist_edit_sd3", "consist_edit", "exp", 2 * 24 * 19'616'041LL},
           {"ic_custom", "in_context_multimodal", "exp", 24 * 75'794'432LL},
           {"dcal_fgvc_vit_base_pairs", "pairwise_cross", "mac", 2 * 12 * 157'753'600LL},
           {"mistral_7b", "sliding_window", "mac", 32 * 6'442'975'232LL},
           {"streaming_llm_llama2_7b", "sink_tokens", "mac", 32 * 942'799'360LL},
           {"llama3_8b_decode", "gqa", "mac", 32 * 2'097'152},
           {"deepseek_v2", "mla_naive", "mac", 128 * 3'221'880'832LL},
           {"deepseek_v2", "mla_absorbed", "mac", 128 * 9'665'904'640LL},
           {"deepseek_v2_decode", "mla_absorbed", "mac", 128 * 4'587'520},
           {"pldr_llm", "plga", "log", 14 * 4'096},
           {"pldr_llm_decode", "plga_decode", "mac", 14 * 135'168},
           {"hornet_tiny_stage1", "gn_conv", "mac", 59'709'440},
           {"hornet_tiny_stage2", "gn_conv", "mac", 55'168'512},
           {"hornet_tiny_stage3", "gn_conv", "mac", 51'574'656},
           {"hornet_tiny_stage4", "gn_conv", "mac", 49'446'880},
           {"ecoformer_pvtv2_b0_stage1", "ecoformer", "exp", 78'400},
           {"minilm_bert_base", "minilm_relation", "exp", 8 * 12 * 1'048'576},
           {"hedgehog_gpt2_small", "hedgehog_causal", "exp", 12 * 262'144},
           {"hyper_zzw_cifar_r9", "hyper_zzw", "mac", 72 * 32 * 32 * 32 + 5'971'968},
           {"soft_tiny_stage1", "soft", "exp", 2 * 156'065},
           {"agent_deit_tiny", "agent_attention", "exp", 3 * 19'208},
           {"tap_fan_base", "token_aware_pooling", "exp", 784},
           {"linear_mnist_causal", "linear_attention", "exp", 8 * 50'176},
           {"performer_4k", "performer", "exp", 8 * 2'097'152},
           {"linformer_512", "linformer", "mac", 12 * 33'554'432},
           {"cosformer_512", "cosformer", "max", 12 * 66'048},
           {"tavid", "mha", "mac", 48 * 17'776LL * 17'776 * 128},
           {"paid_sdxl", "mha", "mac", 2 * 10 * 4'096LL * 4'096 * 128},
       }) {
    INFO(row.preset << " with " << row.cascade);
    const Run run = run_of(row.cascade, row.preset);
    const OperationCounts counts = count_operations(run.cascade, run.shape);
    REQUIRE(counts.contains(row.operation));
    CHECK(fmt::format("{} {}", row.operation, counts.at(row.operation)) ==
          fmt::format("{} {}", row.operation, row.count));
  }
}

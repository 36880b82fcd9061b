// SPDX-License-Identifier: Apache-2.0
// The list of reference kernels. A new one is its file, an entry point in kernels.hpp and one line here, sorted.
#include <algorithm>

#include "base/diagnostic.hpp"
#include "einsum/reference/kernels.hpp"
#include "einsum/reference/reference.hpp"

namespace einloom {
namespace {

using Entry = std::vector<ReferenceKernel> (*)();
constexpr Entry kEntries[] = {
    &reference::activator_glu_kernels,
    &reference::agent_attention_kernels,
    &reference::attention_diversification_kernels,
    &reference::alternating_subregion_kernels,
    &reference::attention_baselines_kernels,
    &reference::attention_redistribution_kernels,
    &reference::attention_signals_kernels,
    &reference::attention_strength_kernels,
    &reference::consist_edit_kernels,
    &reference::cope_fusion_kernels,
    &reference::cosformer_kernels,
    &reference::delta_net_kernels,
    &reference::cross_attention_learning_kernels,
    &reference::davit_kernels,
    &reference::decode_attention_kernels,
    &reference::deconstructed_attention_kernels,
    &reference::dynamic_mask_kernels,
    &reference::ecoformer_kernels,
    &reference::gaam_kernels,
    &reference::flash_backward_kernels,
    &reference::gated_attention_kernels,
    &reference::gn_conv_kernels,
    &reference::hedgehog_kernels,
    &reference::hyper_zzw_kernels,
    &reference::linear_attention_kernels,
    &reference::in_context_multimodal_kernels,
    &reference::kan_layer_kernels,
    &reference::layer_adapter_kernels,
    &reference::linformer_kernels,
    &reference::matmul_kernels,
    &reference::maelre_kernels,
    &reference::matmul_kernels,
    &reference::minilm_relation_kernels,
    &reference::miras_kernels,
    &reference::mla_kernels,
    &reference::neighborhood_kernels,
    &reference::object_attention_kernels,
    &reference::paro_kernels,
    &reference::performer_kernels,
    &reference::plga_kernels,
    &reference::pwl_attention_kernels,
    &reference::retnet_kernels,
    &reference::rcmha_kernels,
    &reference::reversed_attention_kernels,
    &reference::ring_attention_kernels,
    &reference::sigmoid_attention_kernels,
    &reference::soft_kernels,
    &reference::soft_pag_kernels,
    &reference::softmax_attention_kernels,
    &reference::ssd_kernels,
    &reference::sparse_d_kernels,
    &reference::sparsifiner_kernels,
    &reference::target_attention_loss_kernels,
    &reference::temporal_interest_kernels,
    &reference::token_aware_pooling_kernels,
    &reference::token_compression_kernels,
    &reference::token_select_kernels,
    &reference::x_pool_kernels,
};

template <class Values>
const auto& found_in(const Values& values, const std::string& name, const char* what) {
  const auto found = values.find(name);
  ensure(found != values.end(), std::string("a reference kernel misses the ") + what + " " + name);
  return found->second;
}

}  // namespace

std::int64_t ReferenceSetting::extent(const std::string& name) const { return found_in(extents, name, "extent"); }
double ReferenceSetting::constant(const std::string& name) const { return found_in(constants, name, "constant"); }
const std::string& ReferenceSetting::option(const std::string& name) const { return found_in(options, name, "option"); }

const Tensor<double>& reference_input(const ReferenceTensors& inputs, const std::string& name) {
  return found_in(inputs, name, "input tensor");
}

const std::vector<ReferenceKernel>& all_references() {
  static const std::vector<ReferenceKernel> kReferences = [] {
    std::vector<ReferenceKernel> all;
    for (const Entry entry : kEntries) {
      for (auto& kernel : entry()) all.push_back(std::move(kernel));
    }
    std::sort(all.begin(), all.end(),
              [](const ReferenceKernel& a, const ReferenceKernel& b) { return a.name < b.name; });
    return all;
  }();
  return kReferences;
}

const ReferenceKernel* find_reference(std::string_view name) {
  const auto& all = all_references();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const ReferenceKernel& kernel) { return kernel.name == name; });
  return found == all.end() ? nullptr : &*found;
}

const std::vector<std::string>& reference_names() {
  static const std::vector<std::string> kNames = [] {
    std::vector<std::string> names;
    for (const auto& kernel : all_references()) names.push_back(kernel.name);
    return names;
  }();
  return kNames;
}

}  // namespace einloom

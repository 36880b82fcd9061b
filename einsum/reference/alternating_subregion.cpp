// SPDX-License-Identifier: Apache-2.0
// Alternating subregion attention (E-MMDiT): image and text tokens are dealt out to GROUPS groups in runs of RUN, and
// every group attends within itself, both streams at once.
#include "base/diagnostic.hpp"
#include "einsum/reference/kernel_inputs.hpp"
#include "einsum/reference/kernels.hpp"
#include "einsum/reference/scored_keys.hpp"
#include "einsum/reference/two_streams.hpp"

namespace einloom::reference {
namespace {

using Int = std::int64_t;

ReferenceTensors run(const ReferenceTensors &tensors, const ReferenceSetting &setting) {
  KernelInputs in(tensors, setting);
  const auto &qi = in.read("QI", {"H", "N", "E"}), &ki = in.read("KI", {"H", "N", "E"});
  const auto &qt = in.read("QT", {"H", "T", "E"}), &kt = in.read("KT", {"H", "T", "E"});
  const auto &vi = in.read("VI", {"H", "N", "F"}), &vt = in.read("VT", {"H", "T", "F"});
  const auto &gain_qi = in.read("GQI", {"E"}), &gain_ki = in.read("GKI", {"E"});
  const auto &gain_qt = in.read("GQT", {"E"}), &gain_kt = in.read("GKT", {"E"});
  const Int heads = in.extent("H"), image = in.extent("N"), text = in.extent("T"), f_extent = in.extent("F");
  const Int groups = in.parameter("GROUPS", 1), run_length = in.parameter("RUN", 1);
  ensure(image % (groups * run_length) == 0 && text % (groups * run_length) == 0,
         "alternating_subregion: both streams divide into GROUPS · RUN tokens");
  const auto normed = [&](const Tensor<double> &x, const Tensor<double> &gain, Int h, Int t) {
    Row row = row_of_terms(in.extent("E"), [&](Int e) { return x(h, t, e); });
    rms_norm(row, in.constant("EPS", 1e-6), Row(gain.data(), gain.data() + gain.size()));
    return row;
  };
  // Tokens of a stream that belong to `group`, in order.
  const auto members = [&](Int tokens, Int group) {
    std::vector<Int> found;
    for (Int t = 0; t < tokens; ++t) {
      if (t / run_length % groups == group) found.push_back(t);
    }
    return found;
  };

  Tensor<double> out_image({"H", "N", "F"}, {heads, image, f_extent}),
      out_text({"H", "T", "F"}, {heads, text, f_extent});
  for (Int h = 0; h < heads; ++h) {
    for (Int group = 0; group < groups; ++group) {
      const auto image_tokens = members(image, group), text_tokens = members(text, group);
      Stream of_image, of_text;
      for (const Int n : image_tokens) {
        of_image.queries.push_back(normed(qi, gain_qi, h, n));
        of_image.keys.push_back(normed(ki, gain_ki, h, n));
        of_image.values.push_back(row_of_terms(f_extent, [&](Int f) { return vi(h, n, f); }));
      }
      for (const Int t : text_tokens) {
        of_text.queries.push_back(normed(qt, gain_qt, h, t));
        of_text.keys.push_back(normed(kt, gain_kt, h, t));
        of_text.values.push_back(row_of_terms(f_extent, [&](Int f) { return vt(h, t, f); }));
      }
      const auto image_rows = joint_attention(of_image.queries, of_image, of_text);
      const auto text_rows = joint_attention(of_text.queries, of_image, of_text);
      for (Int f = 0; f < f_extent; ++f) {
        for (std::size_t i = 0; i < image_tokens.size(); ++i) {
          out_image(h, image_tokens[i], f) = image_rows[i][to_size(f)];
        }
        for (std::size_t i = 0; i < text_tokens.size(); ++i) out_text(h, text_tokens[i], f) = text_rows[i][to_size(f)];
      }
    }
  }
  return {{"AVI", out_image}, {"AVT", out_text}};
}

}  // namespace

std::vector<ReferenceKernel> alternating_subregion_kernels() {
  return {
      {"alternating_subregion",
       "image QI[H,N,E], KI[H,N,E], VI[H,N,F], text QT[H,T,E], KT[H,T,E], VT[H,T,F] (projections), gains of their "
       "RMS norms GQI[E], GKI[E], GQT[E], GKT[E], EPS (1e-6), GROUPS (1), RUN (1) → AVI[H,N,F], AVT[H,T,F]; token t "
       "is in group (t / RUN) mod GROUPS",
       {"GKI", "GKT", "GQI", "GQT", "KI", "KT", "QI", "QT", "VI", "VT"},
       {{"AVI", {"H", "N", "F"}}, {"AVT", {"H", "T", "F"}}},
       &run}};
}

}  // namespace einloom::reference

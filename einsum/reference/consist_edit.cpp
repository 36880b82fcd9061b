// SPDX-License-Identifier: Apache-2.0
// ConsistEdit: a source and a target branch of joint attention run together; vision queries, keys and values of the
// target are replaced by the source's outside the edited region, queries and keys inside it too in the first steps. The
// region comes from a run of the source alone.
#include <algorithm>
#include <cmath>

#include "einsum/reference/kernel_inputs.hpp"
#include "einsum/reference/kernels.hpp"
#include "einsum/reference/scored_keys.hpp"
#include "einsum/reference/two_streams.hpp"

namespace einloom::reference {
namespace {

using Int = std::int64_t;

std::vector<Row> rows(const Tensor<double>& x, Int h) {
  std::vector<Row> all;
  for (Int i = 0; i < x.extents()[1]; ++i) {
    all.push_back(row_of_terms(x.extents()[2], [&](Int e) { return x(h, i, e); }));
  }
  return all;
}

// share · source + (1 - share) · target, row by row.
std::vector<Row> blend(const std::vector<Row>& source, const std::vector<Row>& target, const Row& share) {
  std::vector<Row> all = target;
  for (std::size_t n = 0; n < all.size(); ++n) {
    for (std::size_t e = 0; e < all[n].size(); ++e) {
      all[n][e] = share[n] * source[n][e] + (1 - share[n]) * target[n][e];
    }
  }
  return all;
}

void write(const std::vector<Row>& from, Int h, Tensor<double>& to) {
  for (std::size_t i = 0; i < from.size(); ++i) {
    for (std::size_t f = 0; f < from[i].size(); ++f) to(h, i, f) = from[i][f];
  }
}

ReferenceTensors fuse(KernelInputs& in) {
  const auto &qs = in.read("QS", {"H", "N", "E"}), &ks = in.read("KS", {"H", "N", "E"});
  const auto &qt = in.read("QT", {"H", "N", "E"}), &kt = in.read("KT", {"H", "N", "E"});
  const auto &vs = in.read("VS", {"H", "N", "F"}), &vt = in.read("VT", {"H", "N", "F"});
  const auto &qsw = in.read("QSW", {"H", "W", "E"}), &ksw = in.read("KSW", {"H", "W", "E"});
  const auto &qtw = in.read("QTW", {"H", "W", "E"}), &ktw = in.read("KTW", {"H", "W", "E"});
  const auto &vsw = in.read("VSW", {"H", "W", "F"}), &vtw = in.read("VTW", {"H", "W", "F"});
  const Int heads = in.extent("H"), vision = in.extent("N"), words = in.extent("W"), f_extent = in.extent("F");
  const bool masked = in.form("mask", {"given", "none"}) == "given";
  const Tensor<double>* edit = masked ? &in.read("ME", {"N"}) : nullptr;
  const double locked_steps = std::floor(in.constant("ALPHA", 1) * static_cast<double>(in.parameter("STEPS")));
  const bool locked = static_cast<double>(in.parameter("STEP")) < locked_steps;
  const Row keep = row_of_terms(vision, [&](Int n) { return masked ? 1 - (*edit)(n) : 0; });
  const Row control = row_of_terms(vision, [&](Int n) { return locked ? 1 : keep[to_size(n)]; });

  const Tensor<double> of_vision({"H", "N", "F"}, {heads, vision, f_extent});
  const Tensor<double> of_words({"H", "W", "F"}, {heads, words, f_extent});
  Tensor<double> source = of_vision, source_words = of_words, target = of_vision, target_words = of_words;
  for (Int h = 0; h < heads; ++h) {
    const Stream source_vision{rows(qs, h), rows(ks, h), rows(vs, h)};
    const Stream source_text{rows(qsw, h), rows(ksw, h), rows(vsw, h)};
    const Stream target_vision{blend(rows(qs, h), rows(qt, h), control), blend(rows(ks, h), rows(kt, h), control),
                               blend(rows(vs, h), rows(vt, h), keep)};
    const Stream target_text{rows(qtw, h), rows(ktw, h), rows(vtw, h)};
    write(joint_attention(source_vision.queries, source_vision, source_text), h, source);
    write(joint_attention(source_text.queries, source_vision, source_text), h, source_words);
    write(joint_attention(target_vision.queries, target_vision, target_text), h, target);
    write(joint_attention(target_text.queries, target_vision, target_text), h, target_words);
  }
  return {{"AVS", source}, {"AVSW", source_words}, {"AVT", target}, {"AVTW", target_words}};
}

// How much a vision token attends to the words of the object, averaged over heads and runs (layers and steps), between
// the least (0) and the most (1) of all tokens.
ReferenceTensors extract(KernelInputs& in) {
  const auto& q = in.read("QS", {"L", "H", "N", "E"});
  const auto& k_words = in.read("KSW", {"L", "H", "W", "E"});
  const auto& object = in.read("OBJ", {"W"});
  const Int runs = in.extent("L"), heads = in.extent("H"), vision = in.extent("N"), words = in.extent("W");
  const Int e_extent = in.extent("E");
  const bool joint = in.form("keys", {"joint", "text"}) == "joint";
  const Tensor<double>* k = joint ? &in.read("KS", {"L", "H", "N", "E"}) : nullptr;
  Tensor<double> strength({"N"}, {vision}), region({"N"}, {vision});
  for (Int n = 0; n < vision; ++n) {
    for (Int l = 0; l < runs; ++l) {
      for (Int h = 0; h < heads; ++h) {
        Row weights = row_of_terms(vision + words, [&](Int m) {
          if (m < vision && !joint) return kAbsent;
          return sum_over(e_extent,
                          [&](Int e) {
                            return q(l, h, n, e) * (m < vision ? (*k)(l, h, m, e) : k_words(l, h, m - vision, e));
                          }) *
                 inverse_sqrt(e_extent);
        });
        softmax(weights);
        for (Int w = 0; w < words; ++w) {
          if (object(w) != 0) strength(n) += weights[to_size(vision + w)] / static_cast<double>(runs * heads);
        }
      }
    }
  }
  const auto [least, most] = std::minmax_element(strength.data(), strength.data() + vision);
  const double from = *least, range = *most - *least;
  for (Int n = 0; n < vision; ++n) {
    strength(n) = (strength(n) - from) / (range + in.constant("EPS", 1e-6));
    region(n) = strength(n) > in.constant("THRESHOLD", 0.1) ? 1 : 0;
  }
  return {{"A", strength}, {"ME", region}};
}

ReferenceTensors run(const ReferenceTensors& tensors, const ReferenceSetting& setting) {
  KernelInputs in(tensors, setting);
  return in.form("stage", {"fuse", "extract"}) == "fuse" ? fuse(in) : extract(in);
}

}  // namespace

std::vector<ReferenceKernel> consist_edit_kernels() {
  return {{"consist_edit",
           "stage: fuse (vision QS, KS, QT, KT[H,N,E], VS, VT[H,N,F] of source and target, text QSW, KSW, QTW, "
           "KTW[H,W,E], VSW, VTW[H,W,F], mask: given|none, ME[N], ALPHA (1), STEP, STEPS → AVS[H,N,F], AVSW[H,W,F], "
           "AVT[H,N,F], AVTW[H,W,F]) or extract (QS[L,H,N,E], KSW[L,H,W,E], OBJ[W], keys: joint (KS[L,H,N,E])|text, "
           "EPS (1e-6), "
           "THRESHOLD (0.1) → A[N], ME[N])",
           {"KSW", "QS"},
           {{"A", {"N"}},
            {"AVS", {"H", "N", "F"}},
            {"AVSW", {"H", "W", "F"}},
            {"AVT", {"H", "N", "F"}},
            {"AVTW", {"H", "W", "F"}},
            {"ME", {"N"}}},
           &run}};
}

}  // namespace einloom::reference

// SPDX-License-Identifier: Apache-2.0
// X-Pool: every text attends over the frames of every video, and the text is compared with what it found there.
#include "einsum/reference/kernel_inputs.hpp"
#include "einsum/reference/kernels.hpp"
#include "einsum/reference/scored_keys.hpp"

namespace einloom::reference {
namespace {

using Int = std::int64_t;

ReferenceTensors run(const ReferenceTensors& tensors, const ReferenceSetting& setting) {
  KernelInputs in(tensors, setting);
  const auto& text = in.read("TX", {"T", "D"});
  const auto& video = in.read("VD", {"N", "M", "D"});
  const auto &wq = in.read("WQ", {"D", "H", "E"}), &bq = in.read("BQ", {"H", "E"});
  const auto &wk = in.read("WK", {"D", "H", "E"}), &bk = in.read("BK", {"H", "E"});
  const auto &wv = in.read("WV", {"D", "H", "F"}), &bv = in.read("BV", {"H", "F"});
  const auto &wo = in.read("WO", {"H", "F", "D"}), &bo = in.read("BO", {"D"});
  const auto &wl = in.read("WL", {"C", "D"}), &bl = in.read("BL", {"D"});
  const Int texts = in.extent("T"), videos = in.extent("N"), frames = in.extent("M"), d_extent = in.extent("D");
  const Int heads = in.extent("H"), e_extent = in.extent("E"), f_extent = in.extent("F");
  const double epsilon = in.constant("EPS", 1e-5);
  const auto norm = [&](Row& row, const std::string& number) {
    const auto &gain = in.read("GAIN" + number, {"D"}), &bias = in.read("BIAS" + number, {"D"});
    layer_norm(row, epsilon, Row(gain.data(), gain.data() + d_extent), Row(bias.data(), bias.data() + d_extent));
  };
  // One head of a projection of a token.
  const auto project = [&](const Row& x, const Tensor<double>& w, const Tensor<double>& b, Int h) {
    return row_of_terms(w.extents()[2], [&](Int e) {
      return sum_over(d_extent, [&](Int d) { return x[to_size(d)] * w(d, h, e); }) + b(h, e);
    });
  };

  Tensor<double> pooled({"N", "T", "D"}, {videos, texts, d_extent}), similarity({"T", "N"}, {texts, videos});
  for (Int n = 0; n < videos; ++n) {
    for (Int t = 0; t < texts; ++t) {
      const Row original = row_of_terms(d_extent, [&](Int d) { return text(t, d); });
      Row token = original;
      norm(token, "1");
      Row o = row_of_terms(d_extent, [&](Int d) { return bo(d); });
      for (Int h = 0; h < heads; ++h) {
        std::vector<Row> keys, values;
        for (Int m = 0; m < frames; ++m) {
          Row frame = row_of_terms(d_extent, [&](Int d) { return video(n, m, d); });
          norm(frame, "1");
          keys.push_back(project(frame, wk, bk, h));
          values.push_back(project(frame, wv, bv, h));
        }
        const Row query = project(token, wq, bq, h);
        const Row av = softmax_values(
            frames, f_extent, [&](Int m) { return dot(query, keys[to_size(m)]) * inverse_sqrt(e_extent); },
            [&](Int m, Int f) { return values[to_size(m)][to_size(f)]; });
        for (Int d = 0; d < d_extent; ++d) {
          o[to_size(d)] += sum_over(f_extent, [&](Int f) { return av[to_size(f)] * wo(h, f, d); });
        }
      }
      norm(o, "2");
      Row r = row_of_terms(d_extent, [&](Int d) {
        return o[to_size(d)] + sum_over(d_extent, [&](Int c) { return o[to_size(c)] * wl(c, d); }) + bl(d);
      });
      norm(r, "3");
      for (Int d = 0; d < d_extent; ++d) pooled(n, t, d) = r[to_size(d)];
      Row text_direction = original, video_direction = r;
      l2_normalise(text_direction);
      l2_normalise(video_direction);
      similarity(t, n) = dot(text_direction, video_direction);
    }
  }
  return {{"R", pooled}, {"SIM", similarity}};
}

}  // namespace

std::vector<ReferenceKernel> x_pool_kernels() {
  return {{"x_pool",
           "TX[T,D], VD[N,M,D], WQ[D,H,E], BQ[H,E], WK[D,H,E], BK[H,E], WV[D,H,F], BV[H,F], WO[H,F,D], BO[D], WL[C,D] "
           "(C = D), BL[D], GAIN1..3[D], BIAS1..3[D], EPS (1e-5) → SIM[T,N], R[N,T,D]",
           {"BIAS1", "BIAS2", "BIAS3", "BK", "BL", "BO", "BQ", "BV", "GAIN1", "GAIN2", "GAIN3", "TX", "VD", "WK", "WL",
            "WO", "WQ", "WV"},
           {{"R", {"N", "T", "D"}}, {"SIM", {"T", "N"}}},
           &run}};
}

}  // namespace einloom::reference

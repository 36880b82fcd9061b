// SPDX-License-Identifier: Apache-2.0
// Product embedding of a video and a text (COPE, arXiv 2308.05550): frames exchange a message token across time, then
// attend within themselves; frame embeddings attend to each other, and their mean joins the text.
#include "base/diagnostic.hpp"
#include "einsum/reference/attention_rows.hpp"
#include "einsum/reference/choices.hpp"
#include "einsum/reference/kernels.hpp"

namespace einloom::reference {
namespace {

// Multi-head attention of the rows of x among themselves. The weights WQ, WK [H,D,E], WV [H,D,F] and WO [H,F,D] end in
// the stage's number.
Tensor<double> self_attention(const Tensor<double>& x, const ReferenceTensors& inputs, const std::string& stage) {
  const auto& wq = reference_input(inputs, "WQ" + stage);
  const auto& wk = reference_input(inputs, "WK" + stage);
  const auto& wv = reference_input(inputs, "WV" + stage);
  const auto& wo = reference_input(inputs, "WO" + stage);
  const std::int64_t rows = x.extents().at(0), d_extent = x.extents().at(1), heads = wq.extents().at(0);
  const std::int64_t e_extent = wq.extents().at(2), f_extent = wv.extents().at(2);
  expect_extents(wq, "WQ" + stage, {heads, d_extent, e_extent});
  expect_extents(wk, "WK" + stage, {heads, d_extent, e_extent});
  expect_extents(wv, "WV" + stage, {heads, d_extent, f_extent});
  expect_extents(wo, "WO" + stage, {heads, f_extent, d_extent});
  Tensor<double> result({"N", "D"}, {rows, d_extent});
  for (std::int64_t h = 0; h < heads; ++h) {
    Row queries, keys, values;
    for (std::int64_t n = 0; n < rows; ++n) {
      const Row token = copy(part(x, n));
      const Row query = weighted_sum(token, part(wq, h), e_extent), key = weighted_sum(token, part(wk, h), e_extent);
      const Row value = weighted_sum(token, part(wv, h), f_extent);
      queries.insert(queries.end(), query.begin(), query.end());
      keys.insert(keys.end(), key.begin(), key.end());
      values.insert(values.end(), value.begin(), value.end());
    }
    for (std::int64_t n = 0; n < rows; ++n) {
      const Row head = attend(row_of(queries, n, static_cast<std::size_t>(e_extent)), keys, values, f_extent,
                              inverse_root(e_extent));
      const Row out = weighted_sum(head, part(wo, h), d_extent);
      for (std::int64_t d = 0; d < d_extent; ++d) result(n, d) += out[static_cast<std::size_t>(d)];
    }
  }
  return result;
}

// Class token of each frame, times WM, plus what the frames exchange.
Tensor<double> messages(const Tensor<double>& x, const ReferenceTensors& inputs) {
  const auto& weight = reference_input(inputs, "WM");
  const std::int64_t frames = x.extents()[0], d_extent = x.extents()[2];
  expect_extents(weight, "WM", {d_extent, d_extent});
  Tensor<double> message({"T", "D"}, {frames, d_extent});
  for (std::int64_t t = 0; t < frames; ++t) {
    for (std::int64_t d = 0; d < d_extent; ++d) {
      for (std::int64_t c = 0; c < d_extent; ++c) message(t, d) += x(t, 0, c) * weight(c, d);
    }
  }
  const Tensor<double> exchanged = self_attention(message, inputs, "1");
  for (std::int64_t i = 0; i < message.size(); ++i) message.data()[i] += exchanged.data()[i];
  return message;
}

// Weight times text and video side by side: the embedding itself, or the logits by which the two are mixed.
Row embedding(const Tensor<double>& text, const Row& video, const ReferenceTensors& inputs, bool mixed) {
  const auto& weight = reference_input(inputs, "WF");
  const auto& bias = reference_input(inputs, "BF");
  Row both = copy(Values(text.data(), static_cast<std::size_t>(text.size())));
  both.insert(both.end(), video.begin(), video.end());
  const std::int64_t columns = weight.extents().at(1);
  expect_extents(weight, "WF", {static_cast<std::int64_t>(both.size()), columns});
  expect_extents(bias, "BF", {columns});
  Row result = weighted_sum(both, {weight.data(), static_cast<std::size_t>(weight.size())}, columns);
  for (std::int64_t i = 0; i < columns; ++i) result[static_cast<std::size_t>(i)] += bias(i);
  if (!mixed) return result;
  ensure(columns == 2 && both.size() == 2 * video.size(), "softmax pooling mixes a text and a video of equal length");
  (void)softmax(result);
  return weighted_sum(result, both, static_cast<std::int64_t>(video.size()));
}

ReferenceTensors run(const ReferenceTensors& inputs, const ReferenceSetting& setting) {
  const auto& x = reference_input(inputs, "X");
  const bool whole = choice(setting, "stages", {"frames", "embedding"}) == "embedding";
  const bool mixed = choice(setting, "fusion", {"concatenation", "softmax_pooling"}) == "softmax_pooling";
  const std::int64_t frames = x.extents().at(0), tokens = x.extents().at(1), d_extent = x.extents().at(2);
  const Tensor<double> message = messages(x, inputs);
  Tensor<double> y({"T", "N", "D"}, x.extents());
  for (std::int64_t t = 0; t < frames; ++t) {
    Tensor<double> frame({"N", "D"}, {tokens + 1, d_extent});
    store(part(x, t), frame.data());
    store(part(message, t), &frame(tokens, 0));
    const Tensor<double> attended = self_attention(frame, inputs, "2");
    store(Values(attended.data(), static_cast<std::size_t>(tokens * d_extent)), &y(t, 0, 0));
  }
  ReferenceTensors outputs{{"MSG", message}, {"Y", y}};
  if (!whole) return outputs;

  Tensor<double> video({"T", "D"}, {frames, d_extent}), mean({"D"}, {d_extent});
  for (std::int64_t t = 0; t < frames; ++t) store(part(y, t, 0), &video(t, 0));
  const Tensor<double> integrated = self_attention(video, inputs, "3");
  for (std::int64_t t = 0; t < frames; ++t) {
    for (std::int64_t d = 0; d < d_extent; ++d) {
      mean(d) += (video(t, d) + integrated(t, d)) / static_cast<double>(frames);
    }
  }
  const Row row = embedding(reference_input(inputs, "TX"), Row(mean.data(), mean.data() + d_extent), inputs, mixed);
  Tensor<double> emb({"U"}, {static_cast<std::int64_t>(row.size())});
  store(row, emb.data());
  outputs.emplace("EMB", emb);
  outputs.emplace("VIS", mean);
  return outputs;
}

}  // namespace

std::vector<ReferenceKernel> cope_fusion_kernels() {
  return {
      {"cope_fusion",
       "frames X[T,N,D] (token 0 is the class token), WM[D,D], across frames WQ1, WK1 [H,D,E], WV1[H,D,F], WO1[H,F,D], "
       "within a frame WQ2 … WO2 → MSG[T,D], Y[T,N,D]; stages: frames, or embedding with TX[C], among frame "
       "embeddings WQ3 … WO3, WF[C + D,U], BF[U], fusion: concatenation or softmax_pooling → VIS[D], EMB[U]",
       {"BF", "TX", "WF", "WK1", "WK2", "WK3", "WM", "WO1", "WO2", "WO3", "WQ1", "WQ2", "WQ3", "WV1", "WV2", "WV3",
        "X"},
       {{"EMB", {"U"}}, {"MSG", {"T", "D"}}, {"VIS", {"D"}}, {"Y", {"T", "N", "D"}}},
       &run}};
}

}  // namespace einloom::reference

// SPDX-License-Identifier: Apache-2.0
// Do the kernels of gradients, decoding and data-dependent attention keep to identities that do not need them: plain
// attention in the limit, merged parts, differences, cases computed by hand?
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>
#include <set>

#include "base/diagnostic.hpp"
#include "unit/einsum/reference_tensors.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

struct Forward {
  T o, lse;
};
// Scores, optional cap, softmax over the keys that are seen; [H,P,E] and one batch.
Forward forward(const T& q, const T& k, const T& v, bool masked, double cap) {
  const std::int64_t heads = q.extents()[0], rows = q.extents()[1], keys = k.extents()[1], f_extent = v.extents()[2];
  Forward result{tensor({heads, rows, f_extent}), tensor({heads, rows}, -HUGE_VAL)};
  for (std::int64_t h = 0; h < heads; ++h) {
    const std::int64_t g = h * k.extents()[0] / heads;
    for (std::int64_t p = 0; p < rows; ++p) {
      double total = 0;
      for (std::int64_t m = 0; m < keys && (!masked || m <= p + keys - rows); ++m) {
        double score = 0;
        for (std::int64_t e = 0; e < q.extents()[2]; ++e) score += q(h, p, e) * k(g, m, e);
        score /= std::sqrt(static_cast<double>(q.extents()[2]));
        const double weight = std::exp(cap > 0 ? cap * std::tanh(score / cap) : score);
        total += weight;
        for (std::int64_t f = 0; f < f_extent; ++f) result.o(h, p, f) += weight * v(g, m, f);
      }
      result.lse(h, p) = std::log(total);
      for (std::int64_t f = 0; f < f_extent && total > 0; ++f) result.o(h, p, f) /= total;
    }
  }
  return result;
}

// Kernels take the query heads of a group side by side; here they stand in one rank, heads H = G·R.
ReferenceTensors joined_run(const std::string& name, const ReferenceTensors& inputs,
                            const ReferenceSetting& setting = {}) {
  const auto head_rank = [&](const ReferenceOutput& output) {
    return std::find(output.ranks.begin(), output.ranks.end(), "R") - output.ranks.begin() - 1;
  };
  const auto* kernel = find_reference(name);
  REQUIRE(kernel != nullptr);
  const std::set<std::string> with_heads{"BM", "CQ", "DO", "HS", "LSE", "O", "Q"};
  std::int64_t at = -1;
  for (const auto& output : kernel->outputs) {
    if (std::count(output.ranks.begin(), output.ranks.end(), "R") > 0) at = head_rank(output);
  }
  REQUIRE(at >= 0);
  const std::int64_t groups = inputs.count("K") > 0    ? inputs.at("K").extents()[static_cast<std::size_t>(at)]
                              : name == "paged_decode" ? inputs.at("KC").extents()[2]
                                                       : inputs.at("KC").extents()[1];
  ReferenceTensors grouped = inputs;
  for (auto& [each, tensor] : grouped) {
    if (with_heads.count(each) == 0) continue;
    Extents extents = tensor.extents();
    extents[static_cast<std::size_t>(at)] /= groups;
    extents.insert(extents.begin() + at, groups);
    tensor = reshaped(tensor, extents);
  }
  ReferenceTensors outputs = kernel->run(grouped, setting);
  for (const auto& output : kernel->outputs) {
    if (std::count(output.ranks.begin(), output.ranks.end(), "R") == 0) continue;
    T& tensor = outputs.at(output.tensor);
    Extents extents = tensor.extents();
    extents[static_cast<std::size_t>(at)] *= extents[static_cast<std::size_t>(at) + 1];
    extents.erase(extents.begin() + at + 1);
    tensor = reshaped(tensor, extents);
  }
  return outputs;
}

}  // namespace

TEST_CASE("gradients of attention are its slopes") {
  struct Sizes {
    std::int64_t heads, groups, rows, keys;
  };
  for (const auto& [heads, groups, rows, keys] : {Sizes{2, 1, 3, 5}, {2, 2, 1, 4}, {3, 1, 4, 2}, {1, 1, 5, 5}}) {
    for (const std::string mask : {"full", "causal"}) {
      for (const double cap : {0.0, 1.5}) {
        const T q = normal({heads, rows, 3}, 1), k = normal({groups, keys, 3}, 2), v = normal({groups, keys, 2}, 3);
        const T d_o = normal({heads, rows, 2}, 4);
        const auto loss = [&](const T& a, const T& b, const T& c) {
          const T o = forward(a, b, c, mask == "causal", cap).o;
          return std::inner_product(o.data(), o.data() + o.size(), d_o.data(), 0.0);
        };
        const auto batched = [](const T& from) {
          Extents extents = from.extents();
          extents.insert(extents.begin(), 1);
          return reshaped(from, extents);
        };
        const Forward saved = forward(q, k, v, mask == "causal", cap);
        const ReferenceTensors inputs{{"Q", batched(q)},       {"K", batched(k)},    {"V", batched(v)},
                                      {"O", batched(saved.o)}, {"DO", batched(d_o)}, {"LSE", batched(saved.lse)}};
        for (const std::string from : {"given", "recomputed"}) {
          const auto out =
              joined_run("flash_backward", inputs, {{}, {{"SOFTCAP", cap}}, {{"mask", mask}, {"forward", from}}});
          INFO(heads << groups << rows << keys << mask << cap << from);
          CHECK(slope_error(q, out.at("DQ"), [&](const T& x) { return loss(x, k, v); }) < 1e-7);
          CHECK(slope_error(k, out.at("DK"), [&](const T& x) { return loss(q, x, v); }) < 1e-7);
          CHECK(slope_error(v, out.at("DV"), [&](const T& x) { return loss(q, k, x); }) < 1e-7);
          CHECK(std::abs(sum(out.at("DQ"))) > 1e-3 * (keys > 1 && rows <= keys));
        }
      }
    }
  }
}

TEST_CASE("keys in any number of splits merge to the same answer, in pages as in one piece") {
  const std::int64_t keys = 7, page = 3;
  const T q = normal({2, 4, 2, 4}, 1, 2), k = normal({2, 2, keys, 4}, 2), v = normal({2, 2, keys, 3}, 3);
  const auto whole = joined_run("split_k_decode", {{"Q", q}, {"K", k}, {"V", v}});
  for (const std::int64_t splits : {1, 2, 3, 7, 10}) {
    const std::int64_t size = (keys + splits - 1) / splits;
    T merged = tensor({2, 4, 2, 3}), lse = tensor({2, 4, 2});
    for (std::int64_t at = 0; at < lse.size(); ++at) {
      const std::int64_t p = at % 2, h = at / 2 % 4, b = at / 8;
      double norm = 0;
      for (std::int64_t s = 0; s < splits; ++s) {
        double largest = -HUGE_VAL, denominator = 0, part[3] = {};
        std::vector<double> score;
        for (std::int64_t m = s * size; m < std::min(keys, (s + 1) * size); ++m) {
          double dot = 0;
          for (std::int64_t e = 0; e < 4; ++e) dot += q(b, h, p, e) * k(b, h / 2, m, e) / 2;
          score.push_back(dot);
          largest = std::max(largest, dot);
        }
        for (std::size_t i = 0; i < score.size(); ++i) {
          const double weight = std::exp(score[i] - largest);
          denominator += weight;
          for (int f = 0; f < 3; ++f) part[f] += weight * v(b, h / 2, s * size + static_cast<std::int64_t>(i), f);
        }
        if (score.empty()) continue;  // a split without keys: log-sum-exp -inf
        norm += denominator * std::exp(largest);
        for (int f = 0; f < 3; ++f) merged(b, h, p, f) += part[f] * std::exp(largest);
      }
      for (int f = 0; f < 3; ++f) merged(b, h, p, f) /= norm;
      lse(b, h, p) = std::log(norm);
    }
    CHECK(difference(whole.at("O"), merged) < 1e-13);
    CHECK(difference(whole.at("LSE"), lse) < 1e-13);
  }

  // Six pages, of which two sequences use three and none; what nobody may read is NaN.
  for (const std::int64_t length : {0, 1, 5, 7}) {
    T kc = tensor({6, page, 2, 4}, std::nan("")), vc = tensor({6, page, 2, 3}, std::nan("")), bt = tensor({2, 3});
    for (std::int64_t j = 0; j < 3; ++j) bt(0, j) = std::vector<double>{4, 0, 5}[static_cast<std::size_t>(j)];
    for (std::int64_t m = 0; m < length; ++m) {
      for (std::int64_t g = 0; g < 2; ++g) {
        const auto at = static_cast<std::int64_t>(bt(0, m / page));
        for (std::int64_t e = 0; e < 4; ++e) kc(at, m % page, g, e) = k(0, g, m, e);
        for (std::int64_t f = 0; f < 3; ++f) vc(at, m % page, g, f) = v(0, g, m, f);
      }
    }
    const auto paged = joined_run(
        "paged_decode", {{"Q", q}, {"KC", kc}, {"VC", vc}, {"BT", bt}, {"LEN", row({static_cast<double>(length), 0})}});
    const T first = reshaped(q, {4, 2, 4});
    const T expected = plain(first, reshaped(k, {2, keys, 4}), reshaped(v, {2, keys, 3}),
                             [&](std::int64_t, std::int64_t, std::int64_t m) { return m < length; });
    CHECK(difference(reshaped(paged.at("O"), {4, 2, 3}), expected) < 1e-13);
    for (std::int64_t i = 0; i < expected.size(); ++i) CHECK(paged.at("O").data()[expected.size() + i] == 0);
    CHECK(paged.at("LSE")(1, 0, 0) == -HUGE_VAL);
  }
}

TEST_CASE("devices on a ring merge block after block to attention over the whole sequence") {
  for (const std::int64_t devices : {1, 2, 4}) {
    for (const std::string layout : {"contiguous", "zigzag", "striped"}) {
      for (const std::string mask : {"full", "causal"}) {
        const std::int64_t tokens = 4, all = devices * tokens;
        const T q = normal({2, all, 4}, 1), k = normal({1, all, 4}, 2), v = normal({1, all, 3}, 3);
        std::vector<std::int64_t> place;  // in the sequence, of each token of each device
        for (std::int64_t r = 0; r < devices; ++r) {
          for (std::int64_t t = 0; t < tokens; ++t) {
            const std::int64_t chunk = t < tokens / 2 ? r : 2 * devices - 1 - r;
            place.push_back(layout == "contiguous" ? r * tokens + t
                            : layout == "striped"  ? r + t * devices
                                                   : chunk * tokens / 2 + t % (tokens / 2));
          }
        }
        const auto laid_out = [&](const T& from, const Extents& extents) {
          const std::int64_t width = from.extents()[2];
          return made(extents, [&](std::int64_t i) {
            return from(i / width / all, place[static_cast<std::size_t>(i / width % all)], i % width);
          });
        };
        const auto out = joined_run("ring_attention",
                                    {{"Q", laid_out(q, {1, 2, devices, tokens, 4})},
                                     {"K", laid_out(k, {1, 1, devices, tokens, 4})},
                                     {"V", laid_out(v, {1, 1, devices, tokens, 3})}},
                                    {{}, {}, {{"layout", layout}, {"mask", mask}}});
        T merged = tensor({2, all, 3});  // by sigmoid(BL - LSE), as the devices do it
        for (std::int64_t h = 0; h < 2; ++h) {
          for (std::int64_t i = 0; i < all; ++i) {
            double lse = -HUGE_VAL;
            for (std::int64_t step = 0; step < devices; ++step) {
              const std::int64_t owner = (i / tokens - step + devices) % devices;
              double total = 0, block[3] = {};
              for (std::int64_t t = 0; t < tokens; ++t) {
                const std::int64_t m = place[static_cast<std::size_t>(owner * tokens + t)];
                const std::int64_t p = place[static_cast<std::size_t>(i)];
                if (mask == "causal" && m > p) continue;
                double dot = 0;
                for (std::int64_t e = 0; e < 4; ++e) dot += q(h, p, e) * k(0, m, e) / 2;
                total += std::exp(dot);
                for (int f = 0; f < 3; ++f) block[f] += std::exp(dot) * v(0, m, f);
              }
              if (total == 0) continue;
              const double block_lse = std::log(total), share = 1 / (1 + std::exp(lse - block_lse));
              for (int f = 0; f < 3; ++f) merged(h, i, f) -= share * (merged(h, i, f) - block[f] / total);
              lse = lse == -HUGE_VAL ? block_lse : lse + std::log1p(std::exp(block_lse - lse));
            }
            CHECK(std::abs(out.at("LSE").data()[h * all + i] - lse) < 1e-12);
          }
        }
        INFO(devices << layout << mask);
        CHECK(difference(out.at("O"), merged) < 1e-12);
        const T sequence = mask == "causal" ? plain(q, k, v, causal(all, all)) : plain(q, k, v);
        CHECK(difference(out.at("O"), laid_out(sequence, {2, all, 3})) < 1e-12);
      }
    }
  }
}

TEST_CASE("tokens are selected by the votes of all heads, or taken from the cache") {
  const std::int64_t tokens = 40, first = 4, latest = 8, k = 8;
  const T q = normal({2, 3, 4}, 1), keys = normal({tokens + 2, 1, 4}, 2), values = normal({tokens + 2, 1, 3}, 3);
  const T pages = made({tokens}, [&](std::int64_t n) { return static_cast<double>((n * 11 + 5) % (tokens + 2)); });
  ReferenceTensors inputs{{"Q", q}, {"KC", keys}, {"VC", values}, {"PT", pages}};
  ReferenceSetting setting{{{"NINIT", first}, {"NLOCAL", latest}, {"K", k}}, {}, {{"rotary", "none"}}};
  const auto logical = [&](const T& cache) {
    const std::int64_t width = cache.extents()[2];
    return made({1, tokens, width},
                [&](std::int64_t i) { return cache(static_cast<std::int64_t>(pages(i / width)), 0, i % width); });
  };
  const auto out = joined_run("token_select", inputs, setting);
  T votes = tensor({tokens});
  for (std::int64_t h = 0; h < 2; ++h) {
    const T all_keys = logical(keys);
    std::vector<double> weight;
    for (std::int64_t j = first; j < tokens - latest; ++j) {
      double score = 0;
      for (std::int64_t i = 0; i < 12; ++i) score += q(h, i / 4, i % 4) * all_keys(0, j, i % 4) / 3;
      weight.push_back(std::exp(score));
    }
    const double total = std::accumulate(weight.begin(), weight.end(), 0.0);
    for (std::size_t j = 0; j < weight.size(); ++j) votes(first + static_cast<std::int64_t>(j)) += weight[j] / total;
  }
  CHECK(difference(out.at("VOTE"), votes) < 1e-13);
  std::vector<bool> kept(static_cast<std::size_t>(tokens), false);
  for (std::int64_t n = 0; n < tokens; ++n) kept[static_cast<std::size_t>(n)] = n < first || n >= tokens - latest;
  double least = HUGE_VAL, most = 0;
  for (std::int64_t i = 0; i < k; ++i) {
    const auto n = static_cast<std::int64_t>(out.at("IDX")(i));
    CHECK((i == 0 || n > out.at("IDX")(i - 1)));
    CHECK((n >= first && n < tokens - latest));
    least = std::min(least, out.at("VOTE")(n));
    kept[static_cast<std::size_t>(n)] = true;
  }
  for (std::int64_t n = 0; n < tokens; ++n) {
    if (!kept[static_cast<std::size_t>(n)]) most = std::max(most, out.at("VOTE")(n));
  }
  CHECK(least >= most);
  // Without rotation the compact positions matter for the mask alone.
  const T expected = plain(q, logical(keys), logical(values), [&](std::int64_t, std::int64_t p, std::int64_t m) {
    return kept[static_cast<std::size_t>(m)] && m <= p + tokens - 3;
  });
  CHECK(difference(out.at("O"), expected) < 1e-13);

  // One head wants tokens 10, 20 and 30; equal votes go to the first candidates.
  T planted = tensor({tokens + 2, 1, 4});
  for (const std::int64_t n : {10, 20, 30}) planted(static_cast<std::int64_t>(pages(n)), 0, 0) = 50;
  const T wants = made({2, 3, 4}, [](std::int64_t i) { return i % 4 == 0 && i < 12 ? 1.0 : 0.0; });
  ReferenceTensors planted_inputs{{"Q", wants}, {"KC", planted}, {"VC", values}, {"PT", pages}};
  CHECK(difference(joined_run("token_select", planted_inputs, setting).at("IDX"), row({4, 5, 6, 7, 8, 10, 20, 30})) ==
        0);

  // All kept: plain attention; the same after rotation by positions, which are then the tokens' own.
  setting.extents["K"] = 28;
  const T all = plain(q, logical(keys), logical(values), causal(3, tokens));
  CHECK(difference(joined_run("token_select", inputs, setting).at("O"), all) < 1e-13);
  CHECK(joined_run("token_select", inputs, setting).at("IDX")(0) == -1);
  setting.options["rotary"] = "interleaved";
  const auto rotated = [](const T& from, std::int64_t shift) {
    T result = from;
    for (std::int64_t i = 0; i < result.size(); i += 2) {
      const double turn = static_cast<double>(i / 4 % from.extents()[1] + shift) * (i % 4 == 0 ? 1 : 0.01);
      result.data()[i] = from.data()[i] * std::cos(turn) - from.data()[i + 1] * std::sin(turn);
      result.data()[i + 1] = from.data()[i + 1] * std::cos(turn) + from.data()[i] * std::sin(turn);
    }
    return result;
  };
  const T turned = plain(rotated(q, tokens - 3), rotated(logical(keys), 0), logical(values), causal(3, tokens));
  CHECK(difference(joined_run("token_select", inputs, setting).at("O"), turned) < 1e-12);
  CHECK(difference(turned, all) > 1e-3);

  setting.extents["K"] = k;
  setting.options["selection_cache"] = "on";
  const T cached = row({5, 6, 7, 9, 11, 13, 30, 31});
  for (const double factor : {2.0, -1.0, 0.0}) {
    inputs["CQ"] = reshaped(out.at("QN"), {2, 4});
    for (std::int64_t i = 0; i < 8; ++i) inputs["CQ"].data()[i] *= factor;
    inputs["CIDX"] = cached;
    const auto again = joined_run("token_select", inputs, setting);
    CHECK(difference(again.at("IDX"), factor > 0 ? cached : out.at("IDX")) == 0);
    CHECK(difference(again.at("QN"), factor > 0 ? inputs["CQ"] : out.at("QN")) == 0);
  }
}

TEST_CASE("a mask of the largest biases; a wide one leaves causal attention") {
  const std::int64_t rows = 6, keys = 9;
  const T q = normal({4, rows, 4}, 1), k = normal({2, keys, 4}, 2), v = normal({2, keys, 3}, 3);
  ReferenceTensors inputs{{"Q", q}, {"K", k}, {"V", v}, {"DEL", normal({2, 3, 2}, 4)}, {"AG", row({0, 0})}};
  for (const std::string bias : {"softplus", "exp"}) {  // a bias equal for all keys changes nothing
    for (const std::string selection : {"per_row", "shared"}) {
      const auto out =
          joined_run("dynamic_mask", inputs, {{{"W", keys}}, {}, {{"bias", bias}, {"selection", selection}}});
      CHECK(difference(out.at("O"), plain(q, k, v, causal(rows, keys))) < 1e-13);
      CHECK(difference(out.at("BI"), tensor({2, keys}, bias == "exp" ? 1 : 0)) == 0);
    }
  }
  CHECK(difference(joined_run("dynamic_mask", inputs, {{{"W", 2}}, {}, {}}).at("O"),
                   plain(q, k, v, [](std::int64_t, std::int64_t, std::int64_t m) { return m < 2; })) < 1e-13);

  inputs["AG"] = row({1, -2});
  for (const std::int64_t window : {1, 3, 5}) {
    const auto out = joined_run("dynamic_mask", inputs, {{{"W", window}}, {}, {}});
    const auto bias = [&](std::int64_t g, std::int64_t m) {
      double step = 0;
      for (std::int64_t c = 0; c < 2; ++c) {
        for (std::int64_t f = 0; f < 3; ++f) step += v(c, m, f) * inputs["DEL"](c, f, g);
      }
      return inputs["AG"](g) * std::log1p(std::exp(step));
    };
    double survivors = 0, expected = 0;
    for (std::int64_t g = 0; g < 2; ++g) {
      for (std::int64_t p = 0; p < rows; ++p) {
        for (std::int64_t m = 0; m < keys; ++m) {
          std::int64_t larger = 0;  // keys the row may see and would rather take
          for (std::int64_t other = 0; other <= p + keys - rows; ++other) larger += bias(g, other) > bias(g, m);
          CHECK(out.at("MK")(g, p, m) == (m <= p + keys - rows && larger < window));
          survivors += out.at("MK")(g, p, m);
        }
        expected += static_cast<double>(std::min(p + keys - rows + 1, window));
      }
    }
    CHECK(survivors == expected);
    // A bias is one more dimension of the keys, met by a query of sqrt(E').
    const T q1 = made({4, rows, 5}, [&](std::int64_t i) {
      return i % 5 == 4 ? std::sqrt(5.0) : q.data()[i / 5 * 4 + i % 5] * std::sqrt(5.0) / 2;
    });
    const T k1 = made({2, keys, 5}, [&](std::int64_t i) {
      return i % 5 == 4 ? bias(i / 5 / keys, i / 5 % keys) : k.data()[i / 5 * 4 + i % 5];
    });
    CHECK(difference(out.at("O"), plain(q1, k1, v, [&](std::int64_t h, std::int64_t p, std::int64_t m) {
                       return out.at("MK")(h / 2, p, m) != 0;
                     })) < 1e-12);
  }
  // Shared: the largest biases lie behind what early rows may see.
  T late = tensor({1, 4, 1});
  for (std::int64_t m = 0; m < 4; ++m) late(0, m, 0) = static_cast<double>(m);
  const ReferenceTensors one{{"Q", normal({1, 4, 2}, 5)},
                             {"K", normal({1, 4, 2}, 6)},
                             {"V", late},
                             {"DEL", tensor({1, 1, 1}, 1)},
                             {"AG", row({1})}};
  const auto shared = joined_run("dynamic_mask", one, {{{"W", 1}}, {}, {{"selection", "shared"}}});
  CHECK(difference(shared.at("O"), row({0, 0, 0, 3})) == 0);
  CHECK(difference(joined_run("dynamic_mask", one, {{{"W", 1}}, {}, {}}).at("O"), row({0, 1, 2, 3})) == 0);
}

TEST_CASE("permuted blocks: all kept is plain attention, whole numbers without end are the real ones") {
  const std::int64_t n = 10, block = 4, blocks = 3;
  const T q = normal({2, n, 4}, 1), k = normal({2, n, 4}, 2), v = normal({2, n, 3}, 3);
  const auto order = [&](std::int64_t h, std::int64_t i) { return h == 0 ? (i * 3 + 2) % n : i < 3 ? i : 12 - i; };
  ReferenceTensors inputs{{"Q", q}, {"K", k}, {"V", v}, {"BM", tensor({2, blocks, blocks}, 1)}};
  inputs["PI"] = made({2, n}, [&](std::int64_t i) { return static_cast<double>(order(i / n, i % n)); });
  ReferenceSetting setting{{{"M0", block}}, {}, {}};
  CHECK(difference(run("paro", inputs, setting).at("O"), plain(q, k, v)) < 1e-13);

  for (std::int64_t i = 0; i < 2 * blocks * blocks; ++i) inputs["BM"].data()[i] = i % 5 == 0 || i % 3 == 1;
  for (std::int64_t j = 0; j < blocks; ++j) inputs["BM"](1, 2, j) = 0;  // rows that keep nothing
  const auto inverse = [&](std::int64_t h, std::int64_t token) {
    std::int64_t i = 0;
    while (order(h, i) != token) ++i;
    return i;
  };
  const T masked = plain(q, k, v, [&](std::int64_t h, std::int64_t p, std::int64_t m) {
    return inputs["BM"](h, inverse(h, p) / block, inverse(h, m) / block) != 0;
  });
  CHECK(difference(run("paro", inputs, setting).at("O"), masked) < 1e-13);
  for (const std::int64_t query_rows : {4, 2}) {
    setting.extents["QROWS"] = query_rows;
    for (const std::string scale : {"block", "static"}) {
      setting.options["weight_scale"] = scale;
      setting.extents["QM"] = 1'000'000'000'000;
      CHECK(difference(run("paro_int8", inputs, setting).at("O"), masked) < 1e-9);
      setting.extents["QM"] = 127;
      const auto out = run("paro_int8", inputs, setting);
      CHECK(difference(out.at("O"), masked) < 0.1);
      CHECK(difference(out.at("O"), masked) > 1e-6);
      for (const std::string name : {"QI", "KI", "VI", "PQ"}) {
        const T& whole = out.at(name);
        CHECK(std::all_of(whole.data(), whole.data() + whole.size(), [](double x) { return x == std::nearbyint(x); }));
      }
      // Each group has its largest: of rows from `top` on and columns from `left` on.
      const auto largest = [&](const std::string& name, std::int64_t h, std::int64_t top, std::int64_t rows,
                               std::int64_t left, std::int64_t columns) {
        const T& whole = out.at(name);
        double most = 0;
        for (std::int64_t i = top; i < std::min(n, top + rows); ++i) {
          for (std::int64_t c = left; c < std::min(whole.extents()[2], left + columns); ++c) {
            most = std::max(most, std::abs(whole(h, i, c)));
          }
        }
        return most;
      };
      for (std::int64_t h = 0; h < 2; ++h) {
        for (std::int64_t i = 0; i < n; i += query_rows) CHECK(largest("QI", h, i, query_rows, 0, 4) == 127);
        for (std::int64_t i = 0; i < n; i += block) {
          CHECK(largest("KI", h, i, block, 0, 4) == 127);
          for (std::int64_t f = 0; f < 3; ++f) CHECK(largest("VI", h, i, block, f, 1) == 127);
          for (std::int64_t j = 0; j < n; j += block) {
            const double most = largest("PQ", h, i, block, j, block);
            const bool kept = inputs["BM"](h, i / block, j / block) != 0;
            CHECK((scale == "block" ? most == (kept ? 127 : 0) : most <= (kept ? 127 : 0)));
          }
        }
      }
    }
  }
  // Blocks of one token: weights are exponentials below the largest score so far, alone they are their own scale.
  ReferenceTensors single = inputs;
  single["BM"] = tensor({2, n, n}, 1);
  ReferenceSetting alone{{{"M0", 1}, {"QM", 1'000'000'000'000}}, {}, {{"weight_scale", "static"}}};
  const T weights = run("paro_int8", single, alone).at("PQ");
  for (std::int64_t h = 0; h < 2; ++h) {
    for (std::int64_t i = 0; i < n; ++i) {
      double running = -HUGE_VAL;
      for (std::int64_t j = 0; j < n; ++j) {
        double score = 0;
        for (std::int64_t e = 0; e < 4; ++e) score += q(h, order(h, i), e) * k(h, order(h, j), e) / 2;
        running = std::max(running, score);
        CHECK(std::abs(weights(h, i, j) / 1e12 - std::exp(score - running)) < 1e-10);
      }
    }
  }
  alone.options["weight_scale"] = "block";
  CHECK(difference(run("paro_int8", single, alone).at("PQ"), tensor({2 * n * n}, 1e12)) == 0);
  // Text tokens in front are always kept.
  for (std::int64_t i = 0; i < n; ++i) inputs["PI"](0, i) = static_cast<double>(i);
  inputs["BM"] = tensor({2, blocks, blocks});
  setting.extents["T0"] = 3;
  CHECK(difference(run("paro", inputs, setting).at("O"),
                   plain(q, k, v, [](std::int64_t, std::int64_t p, std::int64_t m) { return p < 3 || m < 3; })) <
        1e-13);

  // By hand: equal weights are 127 each; values 127, 2.5, 3.5 round to 127, 2, 4.
  const ReferenceTensors hand{{"Q", tensor({1, 3, 2})},
                              {"K", normal({1, 3, 2}, 4)},
                              {"V", reshaped(row({127, 2.5, 3.5}), {1, 3, 1})},
                              {"PI", reshaped(row({0, 1, 2}), {1, 3})},
                              {"BM", tensor({1, 1, 1}, 1)}};
  const auto out = run("paro_int8", hand, {{{"M0", 3}}, {}, {}});
  CHECK(difference(out.at("VI"), row({127, 2, 4})) == 0);
  CHECK(difference(out.at("PQ"), tensor({9}, 127)) == 0);
  CHECK(difference(out.at("O"), tensor({3}, 133.0 / 3)) < 1e-12);
}

TEST_CASE("blocks are chosen by their mean probability, generated ones apart") {
  // 33 blocks, the last one generated: at most 10 of the others and that one.
  const T q = normal({2, 33, 4}, 1, 2), k = normal({1, 33, 4}, 2), v = normal({1, 33, 3}, 3);
  const auto fine = joined_run("sparse_d_mask", {{"Q", q}, {"K", k}}, {{{"M0", 1}, {"GEN", 1}}, {}, {}});
  for (std::int64_t h = 0; h < 2; ++h) {
    for (std::int64_t i = 0; i < 33; ++i) {
      double kept = 0, larger = 0;
      for (std::int64_t j = 0; j < 33; ++j) kept += fine.at("BM")(h, i, j);
      for (std::int64_t j = 0; j < 32; ++j) larger += fine.at("AP")(h, i, j) > fine.at("AP")(h, i, 32);
      CHECK(kept == (larger < 10 ? 10 : 11));
      CHECK(fine.at("BM")(h, i, 32) == 1);
      CHECK(fine.at("APG")(h, i, 32) == 1);
    }
  }
  // Block means from summaries of each block: local maximum and sum, no second look at the scores.
  const std::int64_t block = 8, blocks = 5, boundary = 3;  // 33 - 3 · 8 <= 9
  ReferenceSetting setting{{{"M0", block}, {"GEN", 9}}, {{"RHO", 0.3}}, {}};
  const auto coarse = joined_run("sparse_d_mask", {{"Q", q}, {"K", k}}, setting);
  for (const std::int64_t from : {std::int64_t{0}, boundary}) {
    T mean = tensor({2, blocks, blocks});
    for (std::int64_t h = 0; h < 2; ++h) {
      for (std::int64_t p = 0; p < 33; ++p) {
        std::vector<double> largest(static_cast<std::size_t>(blocks), -HUGE_VAL), part(largest.size(), 0);
        for (int pass = 0; pass < 2; ++pass) {
          for (std::int64_t m = from * block; m < 33; ++m) {
            double dot = 0;
            for (std::int64_t e = 0; e < 4; ++e) dot += q(h, p, e) * k(0, m, e) / 2;
            const auto j = static_cast<std::size_t>(m / block);
            if (pass == 0) largest[j] = std::max(largest[j], dot);
            if (pass == 1) part[j] += std::exp(dot - largest[j]);
          }
        }
        const double top = *std::max_element(largest.begin(), largest.end());
        double total = 0;
        for (std::size_t j = 0; j < part.size(); ++j) total += part[j] *= std::exp(largest[j] - top);
        for (std::int64_t j = 0; j < blocks; ++j) {
          mean(h, p / block, j) += part[static_cast<std::size_t>(j)] / total / (block * block);
        }
      }
    }
    CHECK(difference(mean, coarse.at(from == 0 ? "AP" : "APG")) < 1e-14);
  }
  for (std::int64_t i = 0; i < blocks; ++i) {  // K1 = int(5 · 0.3) + 1, K2 = int(2 · 0.3) + 1
    CHECK(coarse.at("BM")(0, i, 0) + coarse.at("BM")(0, i, 1) + coarse.at("BM")(0, i, 2) <= 2);
    CHECK(coarse.at("BM")(0, i, 3) + coarse.at("BM")(0, i, 4) == 1);
  }
  // Generated columns that the whole row would choose count only as far as they are chosen among themselves.
  const T ones = tensor({1, 33, 4}, 1), late = made({1, 33, 4}, [](std::int64_t i) { return i / 4 >= 24 ? 2.0 : 0.0; });
  const T cut = joined_run("sparse_d_mask", {{"Q", ones}, {"K", late}}, setting).at("BM");
  for (std::int64_t i = 0; i < 25; ++i) CHECK(cut.data()[i] == (i % 5 == 3));
  setting.extents["GEN"] = 0;  // the last block stands for the generated ones
  const T last = joined_run("sparse_d_mask", {{"Q", ones}, {"K", tensor({1, 33, 4})}}, setting).at("BM");
  for (std::int64_t i = 0; i < 25; ++i) CHECK(last.data()[i] == (i % 5 < 2 || i % 5 == 4));
  setting.extents["GEN"] = 9;
  const auto step = joined_run("sparse_d", {{"Q", q}, {"K", k}, {"V", v}, {"BM", coarse.at("BM")}}, setting);
  const auto kept = [&](std::int64_t h, std::int64_t p, std::int64_t m) {
    return coarse.at("BM")(h, p / block, m / block) != 0;
  };
  CHECK(difference(step.at("O"), plain(q, k, v, kept)) < 1e-13);
  setting.constants["RHO"] = 1;
  const auto dense = joined_run("sparse_d_mask", {{"Q", q}, {"K", k}}, setting);
  CHECK(difference(dense.at("BM"), tensor({50}, 1)) == 0);
  setting.options["scale"] = "heads";  // 1/sqrt(2) instead of 1/sqrt(4)
  const T smaller = made({2, 33, 4}, [&](std::int64_t i) { return q.data()[i] / std::sqrt(2.0); });
  CHECK(difference(joined_run("sparse_d_mask", {{"Q", smaller}, {"K", k}}, setting).at("AP"), dense.at("AP")) < 1e-14);
}

TEST_CASE("a low-rank predictor keeps a quarter of the keys, all for the class token") {
  const std::int64_t n = 197, l = 32;
  ReferenceTensors inputs{
      {"Q", normal({2, n, 4}, 1)}, {"K", normal({2, n, 4}, 2)},     {"V", normal({2, n, 3}, 3)},
      {"WQ", normal({4, 3}, 4)},   {"WK", normal({4, 3}, 5)},       {"BQ", normal({3}, 6)},
      {"BK", normal({3}, 7)},      {"PN", normal({n, l}, 8, 0.05)}, {"PB", normal({n, l}, 9, 0.05)}};
  const auto out = run("sparsifiner", inputs);
  CHECK(sum(out.at("MK")) == 2 * 9997);
  CHECK(difference(out.at("O"),
                   plain(inputs["Q"], inputs["K"], inputs["V"], [&](std::int64_t h, std::int64_t p, std::int64_t m) {
                     return out.at("MK")(h, p, m) != 0;
                   })) < 1e-13);
  ReferenceSetting setting{{{"KM", n}}, {}, {}};
  CHECK(difference(run("sparsifiner", inputs, setting).at("O"), plain(inputs["Q"], inputs["K"], inputs["V"])) < 1e-13);

  // Equal coefficients: the first eight, 1/32 each; what is small in the basis counts as 0.
  ReferenceTensors equal = inputs;
  equal["WQ"] = tensor({4, 3});
  equal["BQ"] = tensor({3});
  const auto uniform = run("sparsifiner", equal);
  for (std::int64_t m = 0; m < n; ++m) {
    double expected = 0;
    for (std::int64_t i = 0; i < 8; ++i) {
      const double size = std::abs(inputs["PB"](m, i));
      expected += size > 0.02 ? size / 32 : 0;
    }
    CHECK(std::abs(uniform.at("AS")(1, 5, m) - expected) < 1e-15);
  }
  // All coefficients kept and one basis vector e_0 = 1: the probability of l = 0, found by hand.
  equal = inputs;
  equal["PB"] = made({n, l}, [&](std::int64_t i) { return i % l == 0 ? -1.0 : 0.0; });
  const double first = run("sparsifiner", equal, {{{"KL", l}}, {}, {}}).at("AS")(1, 7, 0);
  std::vector<double> weight(static_cast<std::size_t>(l), 0);
  for (std::int64_t i = 0; i < l; ++i) {
    for (std::int64_t c = 0; c < 3; ++c) {
      double query = inputs["BQ"](c), low = 0;
      for (std::int64_t e = 0; e < 4; ++e) query += inputs["Q"](1, 7, e) * inputs["WQ"](e, c);
      for (std::int64_t m = 0; m < n; ++m) {
        double key = inputs["BK"](c);
        for (std::int64_t e = 0; e < 4; ++e) key += inputs["K"](1, m, e) * inputs["WK"](e, c);
        low += key * inputs["PN"](m, i);
      }
      weight[static_cast<std::size_t>(i)] += query * low / std::sqrt(2.0);
    }
  }
  double total = 0;
  for (const double w : weight) total += std::exp(w - weight[0]);
  CHECK(std::abs(first - 1 / total) < 1e-12);
  setting.options["mask"] = "threshold";  // nothing reaches 1: rows without keys
  setting.constants["MASKTHRESHOLD"] = 1e3;
  const auto none = run("sparsifiner", inputs, setting);
  CHECK(sum(none.at("MK")) == 2 * n);
  CHECK(none.at("O")(1, 7, 2) == 0);
}

TEST_CASE("attention leaves sinks for image tokens and every row keeps its sum") {
  const std::int64_t keys = 12, rows = 7, first = 2, images = 5;
  const T q = normal({4, rows, 4}, 1), k = normal({2, keys, 4}, 2);
  T hidden = normal({keys, 6}, 3, 0.1), v = normal({2, keys, 3}, 4);
  for (const std::int64_t m : {0, 3, 9}) hidden(m, 4) = 30;
  ReferenceTensors inputs{{"Q", q}, {"K", k}, {"V", v}, {"X", hidden}, {"DS", row({1, 4})}};
  ReferenceSetting setting{{{"IM", first}, {"NV", images}}, {{"TAU", 2}, {"RHO", 0.3}}, {}};
  const auto out = joined_run("attention_redistribution", inputs, setting);
  CHECK(difference(out.at("SK"), row({1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0})) == 0);
  double open = 0;
  for (std::int64_t h = 0; h < 4; ++h) {
    for (std::int64_t p = 0; p < rows; ++p) {
      // One accumulator per class: image, image sink, text sink, other.
      double denominator[4] = {}, numerator[4][3] = {};
      for (std::int64_t m = 0; m <= p + keys - rows; ++m) {
        double dot = 0;
        for (std::int64_t e = 0; e < 4; ++e) dot += q(h, p, e) * k(h / 2, m, e) / 2;
        const bool image = m >= first && m < first + images, sink = m == 0 || m == 3 || m == 9;
        const int kind = image ? (sink ? 1 : 0) : (sink ? 2 : 3);
        denominator[kind] += std::exp(dot);
        for (int f = 0; f < 3; ++f) numerator[kind][f] += std::exp(dot) * v(h / 2, m, f);
      }
      const double z = denominator[0] + denominator[1] + denominator[2] + denominator[3];
      const double visual = (denominator[0] + denominator[1]) / z, sinks = denominator[1] / z;
      const bool gate = p + keys - rows >= first + images && sinks / visual <= 0.3 && visual >= 0.2;
      open += gate;
      CHECK(out.at("GT")(h, p) == gate);
      for (int f = 0; f < 3; ++f) {
        const auto& n = numerator;
        const double moved = 0.4 * (denominator[1] + denominator[2]) / denominator[0];
        const double expected = gate ? (n[0][f] * (1 + moved) + 0.6 * (n[1][f] + n[2][f]) + n[3][f]) / z
                                     : (n[0][f] + n[1][f] + n[2][f] + n[3][f]) / z;
        CHECK(std::abs(out.at("O")(h, p, f) - expected) < 1e-13);
      }
    }
  }
  CHECK(open > 0);
  CHECK(open < 4 * 5);
  ReferenceTensors ones = inputs;
  ones["V"] = tensor({2, keys, 3}, 1);
  CHECK(difference(joined_run("attention_redistribution", ones, setting).at("O"), tensor({4, rows, 3}, 1)) < 1e-13);
  for (const auto& [name, value] : {std::pair{"KA", 1.0}, {"TAU", 1e9}, {"S0", 1.1}, {"RHO", -1.0}}) {
    ReferenceSetting off = setting;
    off.constants[name] = value;
    CHECK(difference(joined_run("attention_redistribution", inputs, off).at("O"), plain(q, k, v, causal(rows, keys))) <
          1e-13);
  }
}

TEST_CASE("heads pulled towards another map") {
  const std::int64_t n = 6;
  const T q = normal({2, n, 4}, 1), k = normal({2, n, 4}, 2), v = normal({2, n, 3}, 3), attended = plain(q, k, v);
  const ReferenceTensors inputs{{"Q", q}, {"K", k}, {"V", v}, {"U", row({0, 0.3})}};
  const auto mixed = [&](const T& target) {
    return made({2, n, 3}, [&](std::int64_t i) {
      return i < 3 * n ? attended.data()[i] : 0.7 * attended.data()[i] + 0.3 * target.data()[i];
    });
  };
  const auto out = [&](const std::string& target, const ReferenceSetting& more = {}) {
    ReferenceSetting setting = more;
    setting.options["target"] = target;
    return run("soft_pag", inputs, setting).at("O");
  };
  CHECK(difference(out("identity"), mixed(v)) < 1e-13);
  CHECK(difference(out("uniform"), mixed(plain(tensor({2, n, 4}), k, v))) < 1e-13);
  const T mean = made({2, n, 4}, [&](std::int64_t i) {
    double total = 0;
    for (std::int64_t p = 0; p < n; ++p) total += q(i / 4 / n, p, i % 4) / n;
    return total;
  });
  CHECK(difference(out("mean_query"), mixed(plain(mean, k, v))) < 1e-13);
  const T sharp = made({2, n, 4}, [&](std::int64_t i) { return 1e6 * q.data()[i]; });
  CHECK(difference(out("max"), mixed(plain(sharp, k, v))) < 1e-13);
  // Image tokens 1 to 4 see themselves and the text; text sees everything.
  const auto image = [](std::int64_t m) { return m >= 1 && m < 5; };
  const T block =
      plain(q, k, v, [&](std::int64_t, std::int64_t p, std::int64_t m) { return !image(p) || !image(m) || p == m; });
  CHECK(difference(out("identity", {{{"IM", 1}, {"NV", 4}}, {}, {{"identity_scope", "image_block"}}}), mixed(block)) <
        1e-13);
  CHECK(difference(out("identity", {{{"IM", 0}, {"NV", n}}, {}, {{"identity_scope", "image_block"}}}), mixed(v)) <
        1e-13);
}

TEST_CASE("distances looked back and influence on later tokens") {
  const std::int64_t keys = 12, rows = 8;
  // Head 0 looks at its own token, head 1 at token 0, head 2 at everything alike.
  const T k = made({1, 1, keys, keys}, [&](std::int64_t i) { return i / keys == i % keys ? 1.0 : 0.0; });
  const T q = made({1, 3, rows, keys}, [&](std::int64_t i) {
    const std::int64_t h = i / keys / rows, p = i / keys % rows, e = i % keys;
    return (h == 0 && e == p + keys - rows) || (h == 1 && e == 0) ? 1e4 : 0.0;
  });
  ReferenceSetting setting{{{"W", 6}, {"HLO", 2}, {"HHI", 4}}, {}, {}};
  const ReferenceTensors inputs{{"Q", q}, {"K", k}};
  const auto near = joined_run("attention_distance", inputs, setting),
             far = joined_run("future_influence", inputs, setting);
  CHECK(difference(near.at("DB"), row({0, 7.5, 3.75})) < 1e-12);  // tokens 4 to 11
  CHECK(difference(near.at("HL"), row({1, 0, 0})) == 0);
  CHECK(difference(far.at("HG"), row({0, 1, 0})) == 0);
  CHECK(sum(near.at("WAAD")) < 1e-12);
  CHECK(difference(far.at("FAI"), row({1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})) < 1e-12);
  ReferenceTensors given = inputs;
  setting.options["heads"] = "given";
  given["HS"] = reshaped(row({0, 0, 1}), {1, 3});
  const T waad = joined_run("attention_distance", given, setting).at("WAAD"),
          fai = joined_run("future_influence", given, setting).at("FAI");
  for (std::int64_t p = 0; p < rows; ++p) {
    const auto t = static_cast<double>(p + 4);
    double expected = 0;
    for (int m = 0; m <= t; ++m) expected += std::min(t - m, 6.0) / (t + 1);
    CHECK(std::abs(waad(p) - expected) < 1e-13);
  }
  for (std::int64_t s = 0; s < keys; ++s) {
    double total = 0, count = 0;
    for (std::int64_t t = std::max<std::int64_t>(4, s + 2); t <= std::min<std::int64_t>(11, s + 4); ++t, ++count) {
      total += 1.0 / static_cast<double>(t + 1);
    }
    CHECK(std::abs(fai(s) - (count == 0 ? 0 : total / count)) < 1e-13);
  }
  // Values that are distances make both signals attention; two of six heads.
  const T q2 = normal({2, 3, rows, 4}, 1), k2 = normal({2, 1, keys, 4}, 2);
  const auto two = joined_run("attention_distance", {{"Q", q2}, {"K", k2}}, {{{"W", 3}, {"HEADS", 2}}, {}, {}});
  T spans = tensor({2, 3}), windows = tensor({rows});
  for (std::int64_t l = 0; l < 2; ++l) {
    const T ql = made({3, rows, 4}, [&](std::int64_t i) { return q2.data()[l * 12 * rows + i]; });
    const T kl = made({1, keys, 4}, [&](std::int64_t i) { return k2.data()[l * 4 * keys + i]; });
    for (std::int64_t p = 0; p < rows; ++p) {
      const T values = made({1, keys, 2}, [&](std::int64_t i) {
        const double back = static_cast<double>(p + 4 - i / 2);
        return i % 2 == 0 ? back : std::min(back, 3.0);
      });
      const T o = plain(ql, kl, values, causal(rows, keys));
      for (std::int64_t h = 0; h < 3; ++h) {
        spans(l, h) += o(h, p, 0) / rows;
        windows(p) += two.at("HL")(l, h) * o(h, p, 1) / 2;
      }
    }
  }
  CHECK(difference(two.at("DB"), spans) < 1e-12);
  CHECK(difference(two.at("WAAD"), windows) < 1e-12);
  for (std::int64_t i = 0; i < 6; ++i) {
    std::int64_t smaller = 0;
    for (std::int64_t j = 0; j < 6; ++j) smaller += spans.data()[j] < spans.data()[i];
    CHECK(two.at("HL").data()[i] == (smaller < 2));
  }
}

TEST_CASE("attention by hops on the grid; a pruned head") {
  const std::int64_t side = 3, n = side * side + 1;
  const T q = normal({2, n, 4}, 1), k = normal({2, n, 4}, 2), v = normal({2, n, 3}, 3);
  ReferenceTensors inputs{{"Q", tensor({2, n, 4})}, {"K", k}, {"V", v}, {"KEEP", row({0, 1})}};
  for (const std::string norm : {"chebyshev", "manhattan"}) {
    const auto out = run("attention_strength", inputs, {{{"GRID", side}}, {}, {{"norm", norm}}});
    const std::vector<double> pairs =
        norm == "chebyshev" ? std::vector<double>{9, 40, 32} : std::vector<double>{9, 24, 28, 16, 4};
    REQUIRE(out.at("ST").extents()[1] == static_cast<std::int64_t>(pairs.size()));
    for (std::size_t i = 0; i < pairs.size(); ++i) {  // all weights are 1/10
      CHECK(std::abs(out.at("ST")(1, static_cast<std::int64_t>(i)) - 0.1) < 1e-14);
      CHECK(std::abs(out.at("SH")(1, static_cast<std::int64_t>(i)) - pairs[i] / 90) < 1e-14);
    }
  }
  inputs["Q"] = q;
  T patches = tensor({2, n, 1}, 1);  // what of each row goes to patches
  patches(0, 0, 0) = patches(1, 0, 0) = 0;
  const T share = plain(q, k, patches);
  const T strength = run("attention_strength", inputs, {{{"GRID", side}}, {}, {}}).at("SH");
  CHECK(std::abs(sum(strength) - (sum(share) - share(0, 0, 0) - share(1, 0, 0)) / 9) < 1e-13);
  const auto only = [&](bool cls) {  // what comes from the class token, or from patches
    return plain(q, k, made({2, n, 3}, [&](std::int64_t i) { return (i / 3 % n == 0) == cls ? v.data()[i] : 0; }));
  };
  const T from_class = only(true), from_patches = only(false);
  for (const std::string pruned : {"all", "cls_to_patch", "patch_to_cls", "patch_to_patch"}) {
    T expected = plain(q, k, v);
    for (std::int64_t i = 0; i < n * 3; ++i) {  // of head 0
      double& x = expected.data()[i];
      if (pruned == "all") x = 0;
      if (pruned == "cls_to_patch" && i < 3) x = from_class.data()[i];
      if (pruned == "patch_to_cls" && i >= 3) x = from_patches.data()[i];
      if (pruned == "patch_to_patch" && i >= 3) x = from_class.data()[i];
    }
    const auto out = run("attention_strength", inputs, {{{"GRID", side}}, {}, {{"pruning", pruned}}});
    INFO(pruned);
    CHECK(difference(out.at("OP"), expected) < 1e-13);
  }
}

TEST_CASE("the next object: logits by hand, padding and an early end are never chosen") {
  // One dimension: 3·x + 1 against 2·y, times 5, plus 0.25; the second head adds nothing.
  ReferenceTensors inputs{{"X", reshaped(row({1, -1, 0, 2}), {4, 1})},
                          {"Y", reshaped(row({1, 1, -1, 0}), {4, 1})},
                          {"WE", reshaped(row({3, 7}), {2, 1, 1})},
                          {"BE", reshaped(row({1, 0}), {2, 1})},
                          {"WD", reshaped(row({2, 9}), {2, 1, 1})},
                          {"BD", tensor({2, 1})},
                          {"WR", row({5, 0})},
                          {"BR", tensor({}, 0.25)}};
  const auto out = run("object_attention", inputs);
  const T logits = row({40.25,  -19.75, 10.25, 70.25,  0.25, 40.25, -19.75, 10.25, 70.25, 0.25,
                        -39.75, 20.25,  -9.75, -69.75, 0.25, 0.25,  0.25,   0.25,  0.25,  0.25});
  CHECK(difference(out.at("LG"), logits) < 1e-13);
  CHECK(difference(out.at("NEXT"), row({0, 3, 1, 0})) == 0);
  for (std::int64_t i = 0; i < 5; ++i) CHECK(std::abs(out.at("PR")(3, i) - 0.2) < 1e-15);
  CHECK(std::abs(out.at("PR")(0, 0) - std::exp(-30.0) / (1 + std::exp(-30.0))) < 1e-20);
  CHECK(run("object_attention", inputs, {{{"TARGET", 0}}, {}, {}}).at("NEXT")(0) == 3);
  inputs["WR"] = row({-1, 0});  // padding, 0, is largest
  inputs["X"] = tensor({4, 1}, 1);
  inputs["BR"] = tensor({}, 0);
  CHECK(difference(run("object_attention", inputs).at("NEXT"), row({0, 0, 0, 0})) == 0);
  CHECK(run("object_attention", inputs).at("PR")(0, 4) > 0.9);
  // Over more dimensions it is the scores of attention, divided by sqrt(A).
  const T x = normal({5, 4}, 1), y = normal({3, 4}, 2);
  T identity = tensor({1, 4, 4});
  for (std::int64_t d = 0; d < 4; ++d) identity(0, d, d) = 1;
  const T v = normal({1, 5, 2}, 3);
  const T pr = run("object_attention", {{"X", x},
                                        {"Y", y},
                                        {"WE", identity},
                                        {"BE", tensor({1, 4})},
                                        {"WD", identity},
                                        {"BD", tensor({1, 4})},
                                        {"WR", row({1})},
                                        {"BR", tensor({})}})
                   .at("PR");
  const T o = plain(reshaped(y, {1, 3, 4}), reshaped(x, {1, 5, 4}), v);
  for (std::int64_t i = 0; i < 6; ++i) {
    double total = 0;
    for (std::int64_t m = 0; m < 5; ++m) total += pr(i / 2, m) * v(0, m, i % 2);
    CHECK(std::abs(total / (1 - pr(i / 2, 5)) - o.data()[i]) < 1e-13);  // padding takes its share
  }
}

TEST_CASE("an adapter's visual tokens come in through their gate") {
  const std::int64_t rows = 3, keys = 5;
  const T q = normal({2, rows, 4}, 1), k = normal({2, keys, 4}, 2), v = normal({2, keys, 3}, 3);
  const T image = normal({6, 5}, 6), queries = normal({2, 3}, 7), to_keys = normal({5, 3}, 8),
          to_values = normal({5, 7}, 9);
  ReferenceTensors inputs{{"Q", q},
                          {"K", k},
                          {"V", v},
                          {"VA", normal({2, 7}, 10)},
                          {"WKA", normal({2, 7, 4}, 4)},
                          {"WVA", normal({2, 7, 3}, 5)},
                          {"GA", tensor({}, 0)},
                          {"IMG", image},
                          {"LQ", queries},
                          {"WIK", to_keys},
                          {"WIV", to_values}};
  const T text = plain(q, k, v, causal(rows, keys));
  CHECK(difference(run("layer_adapter", inputs).at("O"), text) < 1e-13);
  inputs["GA"] = tensor({}, 0.7);
  const auto times = [](const T& a, const T& w, std::int64_t head, std::int64_t columns) {  // a[J,D] w[H,D,columns]
    return made({1, a.extents()[0], columns}, [&](std::int64_t i) {
      double total = 0;
      for (std::int64_t d = 0; d < a.extents()[1]; ++d) total += a(i / columns, d) * w(head, d, i % columns);
      return total;
    });
  };
  for (const std::string tokens : {"given", "resampled"}) {
    const auto out = run("layer_adapter", inputs, {{}, {}, {{"visual_tokens", tokens}}});
    const T resampled = plain(reshaped(queries, {1, 2, 3}), times(image, reshaped(to_keys, {1, 5, 3}), 0, 3),
                              times(image, reshaped(to_values, {1, 5, 7}), 0, 7));
    const T visual = tokens == "given" ? inputs["VA"] : reshaped(resampled, {2, 7});
    CHECK(difference(out.at("VT"), visual) < 1e-13);
    for (std::int64_t h = 0; h < 2; ++h) {
      const T own = made({1, rows, 4}, [&](std::int64_t i) { return q.data()[h * rows * 4 + i]; });
      const T seen = plain(own, times(visual, inputs["WKA"], h, 4), times(visual, inputs["WVA"], h, 3));
      for (std::int64_t i = 0; i < rows * 3; ++i) {
        const double expected = text.data()[h * rows * 3 + i] + std::tanh(0.7) * seen.data()[i];
        CHECK(std::abs(out.at("O").data()[h * rows * 3 + i] - expected) < 1e-12);
      }
    }
  }
}

TEST_CASE("frames exchange messages, attend within themselves and join a text") {
  const std::int64_t frames = 3, tokens = 4, d = 4;
  ReferenceTensors inputs{{"X", normal({frames, tokens, d}, 1)},
                          {"WM", normal({d, d}, 2)},
                          {"TX", normal({d}, 3)},
                          {"WF", tensor({2 * d, 2})},
                          {"BF", tensor({2})}};
  for (const std::string stage : {"1", "2", "3"}) {
    for (const char* name : {"WQ", "WK", "WV"})
      inputs[name + stage] = normal({2, d, 2}, static_cast<unsigned>(name[1]) + 7u * static_cast<unsigned>(stage[0]));
    inputs["WO" + stage] = normal({2, 2, d}, static_cast<unsigned>(stage[0]));
  }
  const auto product = [&](const T& x, const T& w,
                           const Extents& extents) {  // rows of x times w[H,D,C], head outermost
    const std::int64_t columns = extents[2];
    return made(extents, [&](std::int64_t i) {
      double total = 0;
      for (std::int64_t c = 0; c < d; ++c)
        total += x.data()[i / columns % extents[1] * d + c] * w(i / columns / extents[1], c, i % columns);
      return total;
    });
  };
  const auto attended = [&](const T& x, const std::string& stage) {
    const std::int64_t n = x.extents()[0];
    const T heads = plain(product(x, inputs["WQ" + stage], {2, n, 2}), product(x, inputs["WK" + stage], {2, n, 2}),
                          product(x, inputs["WV" + stage], {2, n, 2}));
    return made({n, d}, [&](std::int64_t i) {
      double total = 0;
      for (std::int64_t hf = 0; hf < 4; ++hf)
        total += heads(hf / 2, i / d, hf % 2) * inputs["WO" + stage](hf / 2, hf % 2, i % d);
      return total;
    });
  };
  const auto plus = [](const T& a, const T& b) {
    return made(a.extents(), [&](std::int64_t i) { return a.data()[i] + b.data()[i]; });
  };
  const T& x = inputs["X"];
  const T cls = made({frames, d}, [&](std::int64_t i) { return x(i / d, 0, i % d); });
  const T sent = reshaped(product(cls, reshaped(inputs["WM"], {1, d, d}), {1, frames, d}), {frames, d});
  const T message = plus(sent, attended(sent, "1"));
  const auto out = run("cope_fusion", inputs);
  CHECK(difference(out.at("MSG"), message) < 1e-13);
  T first = tensor({frames, d});
  for (std::int64_t t = 0; t < frames; ++t) {
    const T frame =
        made({tokens + 1, d}, [&](std::int64_t i) { return i < tokens * d ? x(t, i / d, i % d) : message(t, i % d); });
    const T y = attended(frame, "2");
    for (std::int64_t i = 0; i < tokens * d; ++i)
      CHECK(std::abs(out.at("Y").data()[t * tokens * d + i] - y.data()[i]) < 1e-12);
    for (std::int64_t c = 0; c < d; ++c) first(t, c) = y(0, c);
  }
  CHECK(out.count("EMB") == 0);
  const T integrated = plus(first, attended(first, "3"));
  const T vis = made({d}, [&](std::int64_t c) { return (integrated(0, c) + integrated(1, c) + integrated(2, c)) / 3; });
  const ReferenceSetting pooled{{}, {}, {{"stages", "embedding"}, {"fusion", "softmax_pooling"}}};
  CHECK(difference(run("cope_fusion", inputs, pooled).at("VIS"), vis) < 1e-12);
  const T half = made({d}, [&](std::int64_t c) { return (vis(c) + inputs["TX"](c)) / 2; });
  CHECK(difference(run("cope_fusion", inputs, pooled).at("EMB"), half) < 1e-12);
  inputs["BF"] = row({1e3, 0});
  CHECK(difference(run("cope_fusion", inputs, pooled).at("EMB"), inputs["TX"]) < 1e-12);
  inputs["WF"](1, 1) = 2;
  inputs["WF"](d + 2, 1) = -1;
  const T joined = run("cope_fusion", inputs, {{}, {}, {{"stages", "embedding"}}}).at("EMB");
  CHECK(difference(joined, row({1e3, 2 * inputs["TX"](1) - vis(2)})) < 1e-12);
}

TEST_CASE("one column of attention against a mask, and the slopes of that loss") {
  const T q = normal({2, 5, 4}, 1), k = normal({2, 7, 4}, 2), v = normal({2, 7, 3}, 3);
  const ReferenceSetting setting{{{"TGT", 6}, {"FROM", 1}}, {}, {}};
  ReferenceTensors inputs{{"Q", q}, {"K", k}, {"V", v}, {"MSK", row({1, 0, 0.5})}};
  const auto out = run("target_attention_loss", inputs, setting);
  CHECK(difference(out.at("O"), plain(q, k, v)) < 1e-13);
  T column = tensor({2, 7, 1});
  column(0, 6, 0) = column(1, 6, 0) = 1;
  const auto loss = [&](const T& a, const T& b) {
    const T weight = plain(a, b, column);
    double total = 0;
    for (std::int64_t n = 0; n < 3; ++n) {
      total += std::pow((weight(0, n + 1, 0) + weight(1, n + 1, 0)) / 2 - inputs["MSK"](n), 2) / 3;
    }
    return total;
  };
  CHECK(std::abs(out.at("LA").data()[0] - loss(q, k)) < 1e-14);
  CHECK(slope_error(q, out.at("DQ"), [&](const T& x) { return loss(x, k); }) < 1e-8);
  CHECK(slope_error(k, out.at("DK"), [&](const T& x) { return loss(q, x); }) < 1e-8);
  CHECK(sum(made({40}, [&](std::int64_t i) { return std::abs(out.at("DQ").data()[i]); })) > 0.01);
  inputs["MSK"] = out.at("AT");
  CHECK(run("target_attention_loss", inputs, setting).at("LA").data()[0] == 0);
}

TEST_CASE("outputs have the ranks that are announced and stay finite for large inputs; what is missing is told") {
  struct Use {
    std::string name;
    std::map<std::string, Extents> normal;
    ReferenceTensors others;
    ReferenceSetting setting;
  };
  const std::vector<Use> uses{
      {"attention_distance", {{"Q", {2, 1, 2, 4, 4}}, {"K", {2, 1, 5, 4}}}, {}, {}},
      {"attention_redistribution",
       {{"Q", {1, 2, 3, 4}}, {"K", {1, 5, 4}}, {"V", {1, 5, 2}}, {"X", {5, 6}}},
       {{"DS", row({1})}},
       {{{"IM", 0}, {"NV", 2}}, {{"TAU", 1}}, {}}},
      {"attention_strength",
       {{"Q", {2, 5, 4}}, {"K", {2, 5, 4}}, {"V", {2, 5, 3}}},
       {{"KEEP", row({0, 1})}},
       {{{"GRID", 2}}, {}, {{"pruning", "patch_to_cls"}}}},
      {"cope_fusion",
       {{"X", {2, 3, 4}},
        {"WM", {4, 4}},
        {"WQ1", {1, 4, 2}},
        {"WK1", {1, 4, 2}},
        {"WV1", {1, 4, 2}},
        {"WO1", {1, 2, 4}},
        {"WQ2", {1, 4, 2}},
        {"WK2", {1, 4, 2}},
        {"WV2", {1, 4, 2}},
        {"WO2", {1, 2, 4}},
        {"WQ3", {1, 4, 2}},
        {"WK3", {1, 4, 2}},
        {"WV3", {1, 4, 2}},
        {"WO3", {1, 2, 4}},
        {"TX", {3}},
        {"WF", {7, 5}},
        {"BF", {5}}},
       {},
       {{}, {}, {{"stages", "embedding"}}}},
      {"dynamic_mask",
       {{"Q", {1, 2, 3, 4}}, {"K", {1, 5, 4}}, {"V", {1, 5, 2}}, {"DEL", {1, 2, 1}}, {"AG", {1}}},
       {},
       {{{"W", 2}}, {}, {}}},
      {"flash_backward",
       {{"Q", {1, 1, 2, 3, 4}}, {"K", {1, 1, 5, 4}}, {"V", {1, 1, 5, 2}}, {"DO", {1, 1, 2, 3, 2}}},
       {},
       {{}, {}, {{"forward", "recomputed"}}}},
      {"future_influence", {{"Q", {2, 1, 2, 4, 4}}, {"K", {2, 1, 5, 4}}}, {}, {{{"HLO", 1}, {"HHI", 2}}, {}, {}}},
      {"layer_adapter",
       {{"Q", {2, 3, 4}},
        {"K", {2, 5, 4}},
        {"V", {2, 5, 2}},
        {"VA", {2, 3}},
        {"WKA", {2, 3, 4}},
        {"WVA", {2, 3, 2}},
        {"GA", {}}},
       {},
       {}},
      {"object_attention",
       {{"X", {4, 3}},
        {"Y", {2, 3}},
        {"WE", {2, 3, 3}},
        {"BE", {2, 3}},
        {"WD", {2, 3, 3}},
        {"BD", {2, 3}},
        {"WR", {2}},
        {"BR", {}}},
       {},
       {}},
      {"paged_decode",
       {{"Q", {1, 1, 2, 1, 4}}, {"KC", {2, 2, 1, 4}}, {"VC", {2, 2, 1, 3}}},
       {{"BT", reshaped(row({1, 0}), {1, 2})}, {"LEN", row({3})}},
       {}},
      {"paro",
       {{"Q", {1, 3, 4}}, {"K", {1, 3, 4}}, {"V", {1, 3, 2}}},
       {{"PI", reshaped(row({2, 0, 1}), {1, 3})}, {"BM", tensor({1, 2, 2}, 1)}},
       {{{"M0", 2}}, {}, {}}},
      {"paro_int8",
       {{"Q", {1, 3, 4}}, {"K", {1, 3, 4}}, {"V", {1, 3, 2}}},
       {{"PI", reshaped(row({2, 0, 1}), {1, 3})}, {"BM", tensor({1, 2, 2}, 1)}},
       {{{"M0", 2}}, {}, {}}},
      {"ring_attention", {{"Q", {1, 1, 2, 2, 2, 4}}, {"K", {1, 1, 2, 2, 4}}, {"V", {1, 1, 2, 2, 3}}}, {}, {}},
      {"soft_pag", {{"Q", {2, 3, 4}}, {"K", {2, 3, 4}}, {"V", {2, 3, 2}}}, {{"U", row({0, 0.5})}}, {}},
      {"sparse_d",
       {{"Q", {1, 2, 3, 4}}, {"K", {1, 3, 4}}, {"V", {1, 3, 2}}},
       {{"BM", tensor({1, 2, 2, 2}, 1)}},
       {{{"M0", 2}}, {}, {}}},
      {"sparse_d_mask", {{"Q", {1, 2, 3, 4}}, {"K", {1, 3, 4}}}, {}, {{{"M0", 2}, {"GEN", 1}}, {}, {}}},
      {"sparsifiner",
       {{"Q", {2, 5, 4}},
        {"K", {2, 5, 4}},
        {"V", {2, 5, 3}},
        {"WQ", {4, 2}},
        {"WK", {4, 2}},
        {"BQ", {2}},
        {"BK", {2}},
        {"PN", {5, 3}},
        {"PB", {5, 3}}},
       {},
       {}},
      {"split_k_decode", {{"Q", {1, 1, 2, 1, 4}}, {"K", {1, 1, 5, 4}}, {"V", {1, 1, 5, 3}}}, {}, {}},
      {"target_attention_loss",
       {{"Q", {2, 3, 4}}, {"K", {2, 5, 4}}, {"V", {2, 5, 2}}},
       {{"MSK", row({1, 0})}},
       {{{"TGT", 1}}, {}, {}}},
      {"token_select",
       {{"Q", {1, 2, 1, 4}}, {"KC", {6, 1, 4}}, {"VC", {6, 1, 2}}},
       {{"PT", row({5, 4, 3, 2, 1, 0})}},
       {{{"NINIT", 1}, {"NLOCAL", 1}, {"K", 2}}, {}, {}}},
  };
  for (const auto& use : uses) {
    INFO(use.name);
    for (const double scale : {1.0, 4.0, 1e3, 1e6}) {
      ReferenceTensors inputs = use.others;
      unsigned seed = 0;
      for (const auto& [name, extents] : use.normal) inputs[name] = normal(extents, ++seed, scale);
      const auto out = run(use.name, inputs, use.setting);
      for (const auto& output : find_reference(use.name)->outputs) {
        INFO(output.tensor << " at " << scale);
        REQUIRE(out.count(output.tensor) == 1);
        CHECK(out.at(output.tensor).ranks() == output.ranks);
        CHECK(finite(out.at(output.tensor)));
      }
      for (const auto& [name, input] : inputs) {
        CHECK(std::count(find_reference(use.name)->inputs.begin(), find_reference(use.name)->inputs.end(), name) == 1);
      }
    }
    CHECK_THROWS_AS(run(use.name, {}, use.setting), InternalError);
  }
}

// SPDX-License-Identifier: Apache-2.0
// Linear recurrences in chunks: the values of their origins whatever the form of the update, the decay and the readers,
// and the operations of the chunked forms that the library has by hand.
#include <catch2/catch.hpp>

#include "base/diagnostic.hpp"
#include "einsum/counts.hpp"
#include "einsum/passes.hpp"
#include "einsum/transforms/linear_recurrence.hpp"
#include "unit/einsum/cascades.hpp"
#include "unit/einsum/transformed.hpp"

using namespace einloom;
using namespace einloom::test;
using namespace einloom::transforms;

namespace {

struct Form {
  std::string name;
  std::string update = "S[h,t+1,e,f] = S[h,t,e,f] + K[h,t,e] * V[h,t,f]";
  std::string before;  // Einsums in front of the update
  std::string readers = "  - O[h,t,f] = sum(e) Q[h,t,e] * S[h,t+1,e,f]\n";
  std::string tensors;  // further ones
  std::string output = "[H, T, F]";
  std::string initial = "0";
  bool needs_states = false;
  std::string state_dtype;
};

// With the inputs that are read.
Cascade cascade_of(const Form& form) {
  const std::string einsums = form.before + "  - " + form.update + "\n" + form.readers;
  std::string inputs;
  for (const auto& [name, declared] : std::map<std::string, std::string>{{"Q", "ranks: [H, T, E]"},
                                                                         {"K", "ranks: [H, T, E]"},
                                                                         {"V", "ranks: [H, T, F]"},
                                                                         {"A", "ranks: [H, T]"},
                                                                         {"G", "ranks: [H, T, E]"},
                                                                         {"C", "ranks: [H]"},
                                                                         {"BM", "ranks: [H, T], dtype: int8"},
                                                                         {"JX", "ranks: [H, T]"}}) {
    if (einsums.find(name + "[") != std::string::npos) inputs += "  " + name + ": {role: input, " + declared + "}\n";
  }
  return cascade_from("cascade: " + form.name + "\nranks: [H, T, E, F]\niterative: [T]\ntensors:\n" + inputs +
                      "  S: {ranks: [H, T, E, F], initial: " + form.initial + form.state_dtype + "}\n" + form.tensors +
                      "  O: {ranks: " + form.output + ", role: output}\neinsums:\n" + einsums);
}

std::vector<Form> forms() {
  std::vector<Form> all;
  const auto add = [&](const std::string& name) -> Form& {
    all.push_back({});
    all.back().name = name;
    return all.back();
  };
  add("sums");
  add("starts_elsewhere").initial = "2.5";
  add("decay_of_the_head").update = "S[h,t+1,e,f] = C[h] * S[h,t,e,f] + K[h,t,e] * V[h,t,f]";
  add("fixed_decay").update = "S[h,t+1,e,f] = S[h,t,e,f] / 3 + K[h,t,e] * V[h,t,f]";
  add("negative_decay").update = "S[h,t+1,e,f] = K[h,t,e] * V[h,t,f] - 0.5 * S[h,t,e,f]";
  add("decay_of_the_token").update = "S[h,t+1,e,f] = A[h,t] * S[h,t,e,f] + K[h,t,e] * V[h,t,f]";
  add("one_minus_gate").update = "S[h,t+1,e,f] = S[h,t,e,f] - A[h,t] * S[h,t,e,f] + K[h,t,e] * V[h,t,f]";
  add("exponential_decay").update = "S[h,t+1,e,f] = exp(A[h,t]) * S[h,t,e,f] + K[h,t,e] * V[h,t,f]";
  Form& named = add("exponential_by_name");
  named.tensors = "  X: {ranks: [H, T]}\n";
  named.before = "  - X[h,t] = exp(A[h,t])\n";
  named.update = "S[h,t+1,e,f] = X[h,t] * S[h,t,e,f] + K[h,t,e] * V[h,t,f]";
  // Gated linear attention: a decay for each channel, which is summed over.
  add("decay_of_the_channel").update = "S[h,t+1,e,f] = G[h,t,e] * S[h,t,e,f] + K[h,t,e] * V[h,t,f]";
  add("exponential_of_the_channel").update = "S[h,t+1,e,f] = exp(G[h,t,e]) * S[h,t,e,f] + K[h,t,e] * V[h,t,f]";
  add("takes_away").update = "S[h,t+1,e,f] = A[h,t] * S[h,t,e,f] - K[h,t,e] * V[h,t,f]";
  add("two_terms").update = "S[h,t+1,e,f] = C[h] * S[h,t,e,f] + K[h,t,e] * V[h,t,f] - G[h,t,e] * A[h,t] * V[h,t,f]";
  add("state_before").readers = "  - O[h,t,f] = sum(e) Q[h,t,e] * S[h,t,e,f]\n";
  Form& before = add("state_before_with_decay");
  before.update = "S[h,t+1,e,f] = A[h,t] * S[h,t,e,f] + K[h,t,e] * V[h,t,f]";
  before.readers = "  - O[h,t,f] = sum(e) Q[h,t,e] * S[h,t,e,f]\n";
  Form& exponential_before = add("state_before_with_exponential_decay");
  exponential_before.update = "S[h,t+1,e,f] = exp(A[h,t]) * S[h,t,e,f] + K[h,t,e] * V[h,t,f]";
  exponential_before.readers = "  - O[h,t,f] = sum(e) Q[h,t,e] * S[h,t,e,f]\n";
  Form& power_before = add("state_before_with_power");
  power_before.update = "S[h,t+1,e,f] = C[h] * S[h,t,e,f] + K[h,t,e] * V[h,t,f]";
  power_before.readers = "  - O[h,t,f] = sum(e) Q[h,t,e] * S[h,t,e,f]\n";
  add("with_own_term").readers = "  - O[h,t,f] = sum(e) (Q[h,t,e] * S[h,t+1,e,f] + A[h,t] * V[h,t,f] * K[h,t,e])\n";
  add("both_states").readers = "  - O[h,t,f] = sum(e) (Q[h,t,e] * S[h,t+1,e,f] - G[h,t,e] * S[h,t,e,f])\n";
  Form& of_map = add("of_a_map");
  of_map.needs_states = true;
  of_map.readers = "  - O[h,t,f] = sum(e) Q[h,t,e] * exp(S[h,t+1,e,f] / 40)\n";
  Form& read_out = add("states_put_out_by_a_map");
  read_out.needs_states = true;
  read_out.output = "[H, T, E, F]";
  read_out.readers = "  - O[h,t,e,f] = S[h,t+1,e,f] * A[h,t]\n";
  Form& last = add("last_state");
  last.output = "[H, E, F]";
  last.readers = "  - O[h,e,f] = S[h,T,e,f] * C[h]\n";
  Form& last_decayed = add("last_state_after_decay");
  last_decayed.output = "[H, E, F]";
  last_decayed.update = "S[h,t+1,e,f] = C[h] * S[h,t,e,f] + K[h,t,e] * V[h,t,f]";
  last_decayed.readers = "  - O[h,e,f] = S[h,T,e,f] * 2\n";
  // Bytes of -128 to 127 are drawn; about half of the tokens are left out.
  add("masked_tokens").update = "S[h,t+1,e,f] = S[h,t,e,f] + K[h,t,e] * V[h,t,f] | BM[h,t] < 0";
  add("every_third_left_out").update = "S[h,t+1,e,f] = S[h,t,e,f] + K[h,t,e] * V[h,t,f] | t > 2";
  Form& masked = add("masked_elements");
  masked.needs_states = true;
  masked.update = "S[h,t+1,e,f] = S[h,t,e,f] + K[h,t,e] * V[h,t,f] | e <= t";
  add("masked_queries").readers = "  - O[h,t,f] = sum(e) Q[h,t,e] * S[h,t+1,e,f] | BM[h,t] < 0\n";
  add("positions").update = "S[h,t+1,e,f] = S[h,t,e,f] + (t + 1) * K[h,t,e] * V[h,t,f]";
  add("token_before").update = "S[h,t+1,e,f] = S[h,t,e,f] + K[h,t-1,e] * V[h,t,f]";
  Form& inlined = add("through_a_map");
  inlined.tensors = "  Y: {ranks: [H, T, E, F]}\n";
  inlined.before = "  - Y[h,t,e,f] = S[h,t,e,f] * A[h,t]\n";
  inlined.update = "S[h,t+1,e,f] = Y[h,t,e,f] + K[h,t,e] * V[h,t,f]";
  Form& given = add("given_first_state");
  given.tensors = "  Y: {ranks: [H, T, E, F]}\n";
  given.before = "  - Y[h,t,e,f] = select(equal(t, 0), K[h,0,e] * V[h,0,f], S[h,t,e,f])\n";
  given.update = "S[h,t+1,e,f] = A[h,t] * Y[h,t,e,f] + K[h,t,e] * V[h,t,f]";
  given.readers = "  - O[h,t,f] = sum(e) Q[h,t,e] * Y[h,t,e,f]\n";
  Form& by_choice = add("chosen_by_the_token");
  by_choice.update = "S[h,t+1,e,f] = select(greater(A[h,t], 0), S[h,t,e,f] / 2, S[h,t,e,f] + K[h,t,e] * V[h,t,f])";
  // Resets: exponents that are infinite, or stand for it, have no differences.
  for (const char* reset : {"-inf", "-1e9"}) {
    add(std::string("reset_by_") + (reset[1] == 'i' ? "infinity" : "a_large_number")).update =
        std::string("S[h,t+1,e,f] = exp(select(less(A[h,t], 0.5), ") + reset +
        ", A[h,t] / 4)) * S[h,t,e,f] + K[h,t,e] * V[h,t,f]";
  }
  Form& chosen = add("element_by_the_token");
  chosen.output = "[H, T, F]";
  chosen.readers = "  - O[h,t,f] = S[h,t+1,JX[h,t],f] * A[h,t]\n";
  Form& whole = add("read_into_whole_numbers");
  whole.tensors = "  Y: {ranks: [H, T, F], dtype: int32}\n";
  whole.readers = "  - Y[h,t,f] = sum(e) 0.3 * Q[h,t,e] * S[h,t+1,e,f]\n  - O[h,t,f] = Y[h,t,f] * 2\n";
  // The delta rule; with a decay; with errors that are not linear, and values that go around two ways.
  const std::string error = "  - Y[h,t,f] = sum(e) K[h,t,e] * S[h,t,e,f]\n  - D[h,t,f] = ";
  const auto add_delta = [&](const std::string& name, const std::string& of_error, const std::string& decay) -> Form& {
    Form& form = add(name);
    form.tensors = "  Y: {ranks: [H, T, F]}\n  D: {ranks: [H, T, F]}\n";
    form.before = error + of_error + "\n";
    form.update = "S[h,t+1,e,f] = " + decay + "S[h,t,e,f] + K[h,t,e] * D[h,t,f]";
    return form;
  };
  add_delta("delta_rule", "A[h,t] * (V[h,t,f] - Y[h,t,f]) / E", "");
  add_delta("gated_delta_rule", "A[h,t] * (V[h,t,f] - Y[h,t,f]) / E", "C[h] * ");
  add_delta("gated_by_the_token", "A[h,t] * (V[h,t,f] - Y[h,t,f]) / E", "exp(A[h,t] - 1) * ");
  add_delta("sign_of_the_error", "sign(V[h,t,f] - Y[h,t,f])", "A[h,t] * ");
  add_delta("error_put_out", "V[h,t,f] - Y[h,t,f] / E", "0.5 * ").readers =
      "  - O[h,t,f] = sum(e) Q[h,t,e] * S[h,t+1,e,f] * D[h,t,f]\n";
  // A memory of two layers: what is contracted goes around too.
  Form& layers = add("contracted_feedback");
  layers.tensors = "  Y: {ranks: [H, T, F]}\n  D: {ranks: [H, T, E]}\n";
  layers.before =
      "  - Y[h,t,f] = sum(e) K[h,t,e] * S[h,t,e,f]\n"
      "  - D[h,t,e] = sum(f) S[h,t,e,f] * sign(Y[h,t,f] - V[h,t,f])\n";
  layers.update = "S[h,t+1,e,f] = 0.5 * S[h,t,e,f] - sign(D[h,t,e]) * Y[h,t,f] / (1 + abs(Y[h,t,f]))";
  Form& norm = add("norm_of_the_error");
  norm.tensors = "  Y: {ranks: [H, T, F]}\n  N2: {ranks: [H, T]}\n  D: {ranks: [H, T, F]}\n";
  norm.before =
      "  - Y[h,t,f] = sum(e) (K[h,t,e] * S[h,t,e,f] - Q[h,t,e])\n"
      "  - N2[h,t] = sum(f) Y[h,t,f] * Y[h,t,f]\n"
      "  - D[h,t,f] = Y[h,t,f] * rsqrt(N2[h,t] + 1)\n";
  norm.update = "S[h,t+1,e,f] = C[h] * S[h,t,e,f] - K[h,t,e] * D[h,t,f]";
  return all;
}

}  // namespace

TEST_CASE("linear recurrences in chunks have the values of their origins") {
  for (const Form& form : forms()) {
    const Cascade origin = cascade_of(form);
    const Cascade result = transformed(origin, {"chunk:T"});
    INFO(form.name << "\n" << print_cascade(result));
    // Tokens: whole chunks, a short last one, one that is no whole chunk; chunks of one token.
    for (const auto& [tokens, chunk] : {std::pair{13, 4}, {8, 4}, {3, 4}, {5, 1}, {1, 1}}) {
      Shape shape;
      for (const auto& [name, extent] : {std::pair{"H", 2}, {"T", tokens}, {"E", 3}, {"F", 4}, {"T0", chunk}}) {
        shape.set(name, extent);
      }
      for (const double scale : {1.0, 20.0}) {
        const Equivalence equivalence = compare_values(origin, result, shape, 3, scale);
        INFO("T=" << tokens << " T0=" << chunk << " scale " << scale << " in " << equivalence.where);
        CHECK(equivalence.values > 0);
        CHECK(equivalence.not_finite == 0);
        CHECK(equivalence.largest_error <= 1e-11);
      }
    }
    CHECK(same(cascade_from(print_cascade(result)), result));
    CHECK(passes_over(result, "T") == passes_over(origin, "T"));
    // It iterates over chunks, and makes no state of a token where that is read in sums of products only.
    CHECK(result.iterative_ranks().front().name == "T1");
    CHECK(result.find_tensor("S")->ranks == std::vector<std::string>{"H", "T1", "E", "F"});
    const bool makes_states = std::any_of(result.tensors().begin(), result.tensors().end(), [](const auto& tensor) {
      return tensor.ranks == std::vector<std::string>{"H", "T1", "T0", "E", "F"};
    });
    CHECK(makes_states == form.needs_states);
  }
}

TEST_CASE("an iteration over tokens inside one over layers is cut into chunks") {
  const Cascade origin = cascade_from(R"(cascade: layers
ranks: [L, T, D]
iterative: [L, T]
tensors:
  A: {ranks: [L, D], role: input}
  X: {ranks: [T, D], role: input}
  H: {ranks: [L, D], initial: 1}
  S: {ranks: [L, T, D], initial: 0}
  Y: {ranks: [L, D]}
  O: {ranks: [D], role: output}
einsums:
  - S[l,t+1,d] = A[l,d] * S[l,t,d] + X[t,d] * H[l,d]
  - Y[l,d] = tanh(S[l,T,d])
  - H[l+1,d] = H[l,d] + Y[l,d]
  - O[d] = H[L,d] * 1
)");
  const Cascade result = transformed(origin, {"chunk:T"});
  Shape shape;
  for (const auto& [name, extent] : {std::pair{"L", 3}, {"T", 13}, {"D", 4}, {"T0", 4}}) shape.set(name, extent);
  const Equivalence equivalence = compare_values(origin, result, shape, 3);
  CHECK(equivalence.values > 0);
  CHECK(equivalence.largest_error <= 1e-12);
}

TEST_CASE("chunks need the operations of the chunked forms written by hand") {
  struct Case {
    std::string name;
    std::vector<std::pair<const char*, std::int64_t>> shape;
    std::vector<std::string> same;  // operations whose counts are equal
  };
  const std::vector<Case> cases = {
      {"retnet", {{"B", 2}, {"H", 3}, {"T", 22}, {"E", 4}, {"F", 5}}, {"mac", "mul", "exp", "div", "rsqrt"}},
      {"hedgehog_causal", {{"B", 2}, {"H", 2}, {"T", 22}, {"D", 4}, {"E", 3}, {"F", 5}}, {"mac", "exp", "max", "div"}},
      {"ssd", {{"B", 2}, {"H", 4}, {"G", 4}, {"T", 22}, {"D", 4}, {"F", 5}}, {"mac", "softplus"}},
  };
  for (const Case& each : cases) {
    INFO(each.name);
    const Cascade chunked = transformed(shipped_cascade(each.name), {"chunk:T=8"});
    const Cascade by_hand = shipped_cascade(each.name, {{"scan", "chunked"}});
    Shape shape;
    for (const auto& [name, extent] : each.shape) shape.set(name, extent);
    Shape shape_by_hand = shape;
    shape_by_hand.set("L", 8);
    OperationCounts counts = count_operations(chunked, chunked.bind(shape, {}));
    OperationCounts expected = count_operations(by_hand, by_hand.bind(shape_by_hand, {}));
    for (const std::string& op : each.same) {
      INFO(op);
      CHECK(expected.at(op) > 0);
      CHECK(counts.at(op) == expected.at(op));
    }
  }
}

TEST_CASE("what cannot be cut into chunks says which dependence forbids it") {
  const auto reason = [](const Form& form, const std::string& call = "chunk:T") {
    try {
      static_cast<void>(transformed(cascade_of(form), {call}));
      return std::string("cut");
    } catch (const UserError& error) {
      return error.diagnostics().front().message;
    }
  };
  const std::string cannot = "the iteration over `T` cannot be cut into chunks: ";
  Form form;
  form.name = "c";
  form.update = "S[h,t+1,e,f] = S[h,t,e,f] * S[h,t,e,f] + K[h,t,e] * V[h,t,f]";
  CHECK(reason(form) == cannot + "in the update of `S`, two states are multiplied");
  form.update = "S[h,t+1,e,f] = V[h,t,f] / S[h,t,e,f]";
  CHECK(reason(form) == cannot + "in the update of `S`, something is divided by a state");
  form.update = "S[h,t+1,e,f] = max(S[h,t,e,f], V[h,t,f])";
  CHECK(reason(form) == cannot + "in the update of `S`, `max` of a state is not linear");
  form.update = "S[h,t+1,e,f] = S[h,t,e-1,f] + V[h,t,f]";
  CHECK(reason(form) == cannot + "`S` follows from other elements of the state, `S[h,t,e-1,f]`");
  form.update = "S[h,t+1,e,f] = A[h,t] * S[h,t,e,f] + K[h,t,e] * V[h,t,f] | BM[h,t] < 0";
  CHECK(reason(form) == cannot + "`S` decays only where its update is not absent");
  form.update = "S[h,t+1,e,f] = K[h,t,e] * V[h,t,f]";
  CHECK(reason(form) == cannot + "`S` forgets its state, it is no recurrence");
  form.update = "S[h,t+1,e,f] = A[h,t] * S[h,t,e,f]";
  CHECK(reason(form) == cannot + "nothing is added to `S`");
  form.update = Form().update;
  CHECK(reason(form, "chunk:E") == "the iteration cannot be cut into chunks: cascade `c` does not iterate over `E`");

  CHECK(reason(form, "chunk:T=4").substr(0, 3) == "cut");
  try {
    static_cast<void>(transformed(cascade_of(form), {"chunk:T", "chunk:T"}));
    CHECK(false);
  } catch (const UserError& error) {
    CHECK(error.diagnostics().front().message ==
          "the iteration cannot be cut into chunks: cascade `c` does not iterate over `T`");
  }
  form.state_dtype = ", dtype: int32";
  CHECK(reason(form) == cannot + "`S` is in whole numbers; its updates round and saturate");

  Form norm;
  norm.name = "c";
  norm.tensors = "  N2: {ranks: [H, T, F]}\n";
  norm.before = "  - N2[h,t,f] = sum(e) S[h,t,e,f] * S[h,t,e,f]\n";
  norm.update = "S[h,t+1,e,f] = S[h,t,e,f] * N2[h,t,f] + V[h,t,f] * K[h,t,e]";
  CHECK(reason(norm) == cannot + "`N2`, which `S` decays by, depends on the state `S`");
  norm.update = "S[h,t+1,e,f] = S[h,t,e,f] + N2[h,t,f] * K[h,t,e]";
  CHECK(reason(norm) ==
        "the iteration cannot be cut into chunks: the updates depend on `N2`, which is no sum of products with the "
        "state before the step");
}

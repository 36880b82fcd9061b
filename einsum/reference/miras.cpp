// SPDX-License-Identifier: Apache-2.0
// Moneta, Yaad and Memora (arXiv 2504.13173), token by token: a memory learns each pair of key and value by one
// gradient step, keeps what its retention rule keeps, and is then read.
#include <cmath>
#include <memory>

#include "base/diagnostic.hpp"
#include "einsum/reference/choices.hpp"
#include "einsum/reference/kernels.hpp"
#include "einsum/reference/matrix.hpp"

namespace einloom::reference {
namespace {

double sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : 0; }

// What a mechanism fixes: the gradient of its loss by the error, and how its matrices are kept.
struct Rule {
  std::function<Row(const Row& error, double delta)> gradient;
  std::function<Matrix(const Matrix& state)> kept;     // the state to go on with
  std::function<Matrix(const Matrix& state)> weights;  // what is read
};

Matrix unchanged(const Matrix& state) { return state; }

// state[i] <- kept(alpha[i] · state[i] - eta[i] · gradient[i])
void step(Matrix& state, const Matrix& gradient, const Row& alpha, const Row& eta, const Rule& rule) {
  for (std::size_t i = 0; i < state.size(); ++i)
    for (std::size_t j = 0; j < state[i].size(); ++j) state[i][j] = alpha[i] * state[i][j] - eta[i] * gradient[i][j];
  state = rule.kept(state);
}

Matrix outer(const Row& a, const Row& b) {
  Matrix result;
  for (const double x : a) {
    result.push_back(b);
    for (double& y : result.back()) y *= x;
  }
  return result;
}

Row difference(Row a, const Row& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] -= b[i];
  return a;
}

class Memory {
 public:
  explicit Memory(const Rule& rule) : rule_(rule) {}
  virtual ~Memory() = default;
  [[nodiscard]] virtual Row read(const Row& x) const = 0;
  // alpha and eta have a number per row of the value.
  virtual void learn(const Row& key, const Row& value, const Row& alpha, const Row& eta, double delta) = 0;

 protected:
  const Rule& rule_;
};

// M(x) = W x
class LinearMemory : public Memory {
 public:
  LinearMemory(const Rule& rule, Matrix state) : Memory(rule), state_(rule.kept(state)) {}
  [[nodiscard]] Row read(const Row& x) const override { return times(x, transposed(rule_.weights(state_))); }
  void learn(const Row& key, const Row& value, const Row& alpha, const Row& eta, double delta) override {
    step(state_, outer(rule_.gradient(difference(read(key), value), delta), key), alpha, eta, rule_);
  }

 private:
  Matrix state_;  // [F][E]
};

// M(x) = x + LN(W1 gelu(W2 x)), the norm with a gain and a shift
class MlpMemory : public Memory {
 public:
  MlpMemory(const Rule& rule, Matrix first, Matrix second, double epsilon, Row gain, Row shift)
      : Memory(rule),
        first_(rule.kept(first)),
        second_(rule.kept(second)),
        epsilon_(epsilon),
        gain_(std::move(gain)),
        shift_(std::move(shift)) {}
  [[nodiscard]] Row read(const Row& x) const override { return run(x).out; }
  void learn(const Row& key, const Row& value, const Row& alpha, const Row& eta, double delta) override {
    const Pass pass = run(key);
    Row gy = rule_.gradient(difference(pass.out, value), delta);
    for (std::size_t f = 0; f < gy.size(); ++f) gy[f] *= gain_[f];
    const auto n = static_cast<double>(gy.size());
    double mean = 0, along = 0;
    for (std::size_t f = 0; f < gy.size(); ++f) {
      mean += gy[f] / n;
      along += gy[f] * pass.normed[f] / n;
    }
    Row gz;
    for (std::size_t f = 0; f < gy.size(); ++f) gz.push_back((gy[f] - mean - pass.normed[f] * along) / pass.deviation);
    Row ga = times(gz, rule_.weights(first_));
    for (std::size_t u = 0; u < ga.size(); ++u) {
      const double a = pass.before[u];
      ga[u] *= (1 + std::erf(a / std::sqrt(2.0))) / 2 + a * std::exp(-a * a / 2) / std::sqrt(2 * std::acos(-1.0));
    }
    step(first_, outer(gz, pass.hidden), alpha, eta, rule_);
    step(second_, outer(ga, key), Row(ga.size(), alpha[0]), Row(ga.size(), eta[0]), rule_);
  }

 private:
  struct Pass {
    Row before, hidden, normed, out;
    double deviation;
  };
  [[nodiscard]] Pass run(const Row& x) const {
    Pass pass;
    pass.before = pass.hidden = times(x, transposed(rule_.weights(second_)));
    for (double& a : pass.hidden) a = gelu(a);
    pass.out = pass.normed = times(pass.hidden, transposed(rule_.weights(first_)));
    double mean = 0, variance = 0;
    for (const double z : pass.normed) mean += z / static_cast<double>(x.size());
    for (const double z : pass.normed) variance += (z - mean) * (z - mean) / static_cast<double>(x.size());
    pass.deviation = std::sqrt(variance + epsilon_);
    for (std::size_t f = 0; f < x.size(); ++f) {
      pass.normed[f] = (pass.normed[f] - mean) / pass.deviation;
      pass.out[f] = x[f] + pass.normed[f] * gain_[f] + shift_[f];
    }
    return pass;
  }

  Matrix first_, second_;  // [F][U], [U][E]
  double epsilon_;
  Row gain_, shift_;
};

// A gate of a token, one number per row of the value: from [B,H,T], or [B,H,T,F] with the linear memory.
Row gate(const Tensor<double>& gates, std::int64_t b, std::int64_t h, std::int64_t t, std::int64_t rows) {
  if (gates.extents().size() == 4) return row_at(gates, b, h, t);
  return Row(static_cast<std::size_t>(rows), gates(b, h, t));
}

ReferenceTensors remembered(const ReferenceTensors& inputs, const ReferenceSetting& setting, const Rule& rule) {
  const HeadInputs in = token_inputs(inputs);
  const auto &alpha = reference_input(inputs, "AL"), &eta = reference_input(inputs, "ET");
  const Tensor<double>* delta = optional_input(inputs, "DL");
  const bool mlp = choice(setting, "memory", {"linear", "mlp"}) == "mlp";
  for (const Tensor<double>* gates : {&alpha, &eta, delta}) {
    if (!gates) continue;
    std::vector<std::int64_t> extents{in.batch, in.heads, in.queries};
    if (gates->extents().size() == 4 && !mlp && gates != delta) extents.push_back(in.f);
    expect_extents(*gates, "AL, ET or DL", extents);
  }
  if (mlp) {
    ensure(in.e == in.f, "a memory that adds its input has values as wide as keys");
    const auto& first = reference_input(inputs, "A1");
    expect_extents(first, "A1", {in.heads, in.f, first.extents().back()});
    expect_extents(reference_input(inputs, "A2"), "A2", {in.heads, first.extents().back(), in.e});
  }
  // Rows of the norm, of [H,F].
  const bool affine = choice(setting, "affine", {"none", "given"}) == "given";
  const auto of_norm = [&](const std::string& name, std::int64_t h, double usual) {
    if (!affine) return Row(static_cast<std::size_t>(in.f), usual);
    expect_extents(reference_input(inputs, name), name, {in.heads, in.f});
    return row_at(reference_input(inputs, name), h);
  };
  const Tensor<double>* initial = optional_input(inputs, "A0");
  if (initial) expect_extents(*initial, "A0", {in.heads, in.f, in.e});
  return {{"O", each_head(in.output_ranks(), in.batch, in.heads, [&](std::int64_t b, std::int64_t h) {
             std::unique_ptr<Memory> memory;
             if (mlp) {
               memory = std::make_unique<MlpMemory>(
                   rule, matrix_at(reference_input(inputs, "A1"), h), matrix_at(reference_input(inputs, "A2"), h),
                   constant_or(setting, "EPSLN", 1e-5), of_norm("LG", h, 1), of_norm("LS", h, 0));
             } else {
               memory = std::make_unique<LinearMemory>(rule, initial ? matrix_at(*initial, h) : zeros(in.f, in.e));
             }
             Matrix out;
             for (std::int64_t t = 0; t < in.queries; ++t) {
               memory->learn(row_at(in.k, b, h, t), row_at(in.v, b, h, t), gate(alpha, b, h, t, in.f),
                             gate(eta, b, h, t, in.f), delta ? (*delta)(b, h, t) : 0);
               out.push_back(memory->read(row_at(in.q, b, h, t)));
             }
             return out;
           })}};
}

// Loss Σ|error|^p; weights are the state over ‖state‖_q^(q-2).
ReferenceTensors run_moneta(const ReferenceTensors& inputs, const ReferenceSetting& setting) {
  const double p = constant_or(setting, "PNORM", 3), q = constant_or(setting, "QNORM", 4);
  const double sharpness = constant_or(setting, "SHARP", 10), epsilon = constant_or(setting, "EPS", 1e-6);
  const bool exact = choice(setting, "gradient", {"smooth", "exact"}) == "exact";
  const bool mirror = choice(setting, "retention", {"norm", "mirror"}) == "mirror";
  Rule rule{{}, unchanged, {}};
  rule.gradient = [=](Row error, double) {
    for (double& x : error) {
      x = exact ? p * sign(x) * std::pow(std::fabs(x), p - 1)
                : p * std::tanh(sharpness * x) * std::pow(x * x + epsilon, (p - 1) / 2);
    }
    return error;
  };
  rule.weights = [=](Matrix state) {
    double sum = 0;
    for (const Row& row : state)
      for (const double x : row) sum += std::pow(std::fabs(x), q);
    const double norm = std::pow(sum, (q - 2) / q);
    for (Row& row : state) {
      for (double& x : row) {
        if (mirror) x = sign(x) * std::pow(std::fabs(x), q - 1);
        x = norm == 0 ? 0 : x / norm;
      }
    }
    return state;
  };
  return remembered(inputs, setting, rule);
}

// Huber loss: the error up to a threshold, beyond it the threshold times its sign.
ReferenceTensors run_yaad(const ReferenceTensors& inputs, const ReferenceSetting& setting) {
  ensure(inputs.count("DL") == 1, "yaad: the threshold DL is missing");
  const bool each = choice(setting, "huber", {"norm", "coordinate"}) == "coordinate";
  Rule rule{{}, unchanged, unchanged};
  rule.gradient = [=](Row error, double delta) {
    const double length = std::sqrt(dot(error, error));
    for (double& x : error) x = (each ? std::fabs(x) : length) <= delta ? x : delta * sign(x);
    return error;
  };
  return remembered(inputs, setting, rule);
}

// Squared loss; rows of weights, or columns of a linear memory's, are a softmax of the state.
ReferenceTensors run_memora(const ReferenceTensors& inputs, const ReferenceSetting& setting) {
  const double total = constant_or(setting, "C1", 1);
  Rule rule;
  rule.gradient = [](const Row& error, double) { return error; };
  const bool columns = choice(setting, "memory", {"linear", "mlp"}) == "linear" &&
                       choice(setting, "slice", {"row", "column"}) == "column";
  rule.kept = [=](Matrix state) {
    if (columns) state = transposed(state);
    for (Row& row : state) {
      Row copy = row;
      const double partition = softmax(copy);
      for (double& x : row) x -= partition;
    }
    return columns ? transposed(state) : state;
  };
  rule.weights = [=](Matrix state) {
    for (Row& row : state)
      for (double& x : row) x = total * std::exp(x);
    return state;
  };
  return remembered(inputs, setting, rule);
}

}  // namespace

std::vector<ReferenceKernel> miras_kernels() {
  const std::string tensors =
      "Q[B,H,T,E], K[B,H,T,E] of length 1, V[B,H,T,F], gates AL, ET[B,H,T] (or [B,H,T,F]), a start A0[H,F,E] when "
      "given "
      "→ O[B,H,T,F]; memory linear, or mlp with starts A1[H,F,U], A2[H,U,E], EPSLN 1e-5, "
      "affine none or given (LG, LS[H,F])";
  const std::vector<ReferenceOutput> outputs{{"O", {"B", "H", "T", "F"}}};
  const std::vector<std::string> inputs{"A0", "A1", "A2", "AL", "ET", "K", "Q", "V"};
  return {
      {"memora", tensors + "; starts are logarithms of weights; slice row or column; C1 1", inputs, outputs,
       &run_memora},
      {"moneta", tensors + "; gradient smooth or exact, retention norm or mirror, PNORM 3, QNORM 4, SHARP 10, EPS 1e-6",
       inputs, outputs, &run_moneta},
      {"yaad",
       tensors + "; thresholds DL[B,H,T]; huber norm or coordinate",
       {"A0", "A1", "A2", "AL", "DL", "ET", "K", "Q", "V"},
       outputs,
       &run_yaad}};
}

}  // namespace einloom::reference

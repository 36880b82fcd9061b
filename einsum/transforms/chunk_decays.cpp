// SPDX-License-Identifier: Apache-2.0
#include "einsum/transforms/chunk_decays.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "einsum/affine.hpp"

namespace einloom::transforms {

const TensorDecl& ChunkDecays::state(const LinearRecurrence& recurrence) const {
  return *cascade_.find_tensor(recurrence.update->name());
}

bool ChunkDecays::varies(const LinearRecurrence& recurrence) const {
  return uses_any(*recurrence.decay, {variable_of_rank(frame_.iterated())});
}

// Whether the value is of the size of what goes in, as far as its form tells: no infinities and no constants that stand
// for them.
bool ChunkDecays::is_moderate(const Expression& value) const {
  constexpr double kLarge = 1000;
  static const std::set<std::string> kUnlike = {"div", "exp", "log", "log2", "pow", "prod", "reciprocal", "rsqrt"};
  if (value.kind == ExpressionKind::number) return std::abs(value.number) <= kLarge;
  if (value.kind == ExpressionKind::symbol) {
    const auto& constants = cascade_.constants();
    return std::none_of(constants.begin(), constants.end(), [&](const ConstantDecl& constant) {
      return constant.name == value.name && std::abs(constant.value) > kLarge;
    });
  }
  if (value.kind == ExpressionKind::access) {
    const Einsum* writer = cascade_.find_einsum(value.access.tensor);
    return !writer || (writer->reductions.empty() && is_moderate(writer->expression));
  }
  if (kUnlike.contains(value.name)) return false;
  return std::all_of(value.args.begin(), value.args.end(), [&](const Expression& arg) { return is_moderate(arg); });
}

// x of exp(x), when the decay is that, or a map that is.
std::optional<Expression> ChunkDecays::exponent_of(const Expression& decay) const {
  const auto exponent = exponent_in(decay);
  return exponent && is_moderate(*exponent) ? exponent : std::nullopt;
}

std::optional<Expression> ChunkDecays::exponent_in(const Expression& decay) const {
  if (is_call(decay, "exp")) return decay.args[0];
  if (decay.kind != ExpressionKind::access) return std::nullopt;
  const Einsum* writer = cascade_.find_einsum(decay.access.tensor);
  if (!writer || !writer->reductions.empty() || !is_call(writer->expression, "exp")) return std::nullopt;
  if (may_be_absent(cascade_, *writer)) return std::nullopt;
  const std::optional<VariableMap> indices = indices_at(*writer, decay.access);
  if (!indices) return std::nullopt;
  return substituted(writer->expression.args[0], *indices, {});
}

// The sum of the exponents from the chunk's first token to l: the logarithm of what is left.
Access ChunkDecays::exponents(const LinearRecurrence& recurrence, const Expression& exponent, Reach reach) {
  return frame_.emitted("L" + state(recurrence).name, state(recurrence),
                        substituted(exponent, frame_.at_token(frame_.other()), {}), {sum_over_rank(frame_.other())},
                        {reaching(frame_.other(), reach)});
}

Access ChunkDecays::all_exponents(const LinearRecurrence& recurrence, const Expression& exponent) {
  return frame_.emitted("LE" + state(recurrence).name, state(recurrence),
                        substituted(exponent, frame_.at_token(frame_.other()), {}), {sum_over_rank(frame_.other())});
}

Access ChunkDecays::at_other(const Access& access) const {
  return substituted(access,
                     {{variable_of_rank(frame_.inner()), index_of_variable(variable_of_rank(frame_.other()), {})}}, {});
}

Expression ChunkDecays::at_token(const LinearRecurrence& recurrence, const std::string& part) const {
  return substituted(*recurrence.decay, frame_.at_token(part), {});
}

Comparison ChunkDecays::reaching(const std::string& part, Reach reach) const {
  return compared(part, reach == Reach::through ? "<=" : "<", frame_.inner());
}

std::optional<Expression> ChunkDecays::since_begin(const LinearRecurrence& recurrence, Reach reach) {
  if (!recurrence.decay) return std::nullopt;
  const TensorDecl& like = state(recurrence);
  const std::string wish = "W" + like.name;
  const Expression token = position(frame_.inner());
  if (!varies(recurrence)) {
    const Expression steps = reach == Reach::through ? call("add", {token, number(1)}) : token;
    return read(frame_.emitted(wish, like, call("pow", {*recurrence.decay, steps})));
  }
  if (const auto exponent = exponent_of(*recurrence.decay)) {
    return read(frame_.emitted(wish, like, call("exp", {read(exponents(recurrence, *exponent, reach))})));
  }
  return read(frame_.emitted(wish, like, at_token(recurrence, frame_.other()),
                             {{"prod", variable_of_rank(frame_.other()), {}}}, {reaching(frame_.other(), reach)}));
}

std::optional<Expression> ChunkDecays::between(const LinearRecurrence& recurrence, Reach reach) {
  if (!recurrence.decay) return std::nullopt;
  const TensorDecl& like = state(recurrence);
  const std::string wish = "D" + like.name;
  const Comparison later = reaching(frame_.other(), reach);
  if (!varies(recurrence)) {
    Expression steps = call("sub", {position(frame_.inner()), position(frame_.other())});
    if (reach == Reach::before) steps = call("sub", {std::move(steps), number(1)});
    return read(frame_.emitted(wish, like, call("pow", {*recurrence.decay, steps}), {}, {later}));
  }
  if (const auto exponent = exponent_of(*recurrence.decay)) {
    const Expression now = read(exponents(recurrence, *exponent, reach));
    const Expression then = read(at_other(exponents(recurrence, *exponent, Reach::through)));
    return read(frame_.emitted(wish, like, call("exp", {call("sub", {now, then})}), {}, {later}));
  }
  return read(frame_.emitted(
      wish, like, at_token(recurrence, frame_.between()), {{"prod", variable_of_rank(frame_.between()), {}}},
      {compared(frame_.other(), "<", frame_.between()), reaching(frame_.between(), reach), later}));
}

std::optional<Expression> ChunkDecays::to_end(const LinearRecurrence& recurrence) {
  if (!recurrence.decay) return std::nullopt;
  const TensorDecl& like = state(recurrence);
  const std::string wish = "E" + like.name;
  const Comparison bound = frame_.bound(frame_.other());
  if (!varies(recurrence)) {
    const Expression last = call("sub", {frame_.chunk_length(), number(1)});
    const Expression steps = call("sub", {last, position(frame_.other())});
    return read(frame_.emitted(wish, like, call("pow", {*recurrence.decay, steps}), {}, {bound}));
  }
  if (const auto exponent = exponent_of(*recurrence.decay)) {
    const Expression end = read(all_exponents(recurrence, *exponent));
    const Expression then = read(at_other(exponents(recurrence, *exponent, Reach::through)));
    return read(frame_.emitted(wish, like, call("exp", {call("sub", {end, then})}), {}, {bound}));
  }
  return read(frame_.emitted(wish, like, at_token(recurrence, frame_.between()),
                             {{"prod", variable_of_rank(frame_.between()), {}}},
                             {compared(frame_.other(), "<", frame_.between()), bound}));
}

std::optional<Expression> ChunkDecays::of_chunk(const LinearRecurrence& recurrence) {
  if (!recurrence.decay) return std::nullopt;
  const TensorDecl& like = state(recurrence);
  const std::string wish = "A" + like.name;
  if (!varies(recurrence)) {
    return read(frame_.emitted(wish, like, call("pow", {*recurrence.decay, frame_.chunk_length()})));
  }
  if (const auto exponent = exponent_of(*recurrence.decay)) {
    return read(frame_.emitted(wish, like, call("exp", {read(all_exponents(recurrence, *exponent))})));
  }
  return read(frame_.emitted(wish, like, at_token(recurrence, frame_.other()),
                             {{"prod", variable_of_rank(frame_.other()), {}}}));
}

}  // namespace einloom::transforms

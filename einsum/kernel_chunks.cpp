// SPDX-License-Identifier: Apache-2.0
// The general way to run an Einsum: loops over all variables but one, and array operations along that one.
// Absent points are cut out as intervals, so the array operations see present points only.
#include <algorithm>
#include <cmath>
#include <utility>

#include "base/diagnostic.hpp"
#include "einsum/kernel.hpp"

namespace einloom::kernel {
namespace {

std::size_t at(int index) { return static_cast<std::size_t>(index); }

template <class T>
class ChunkRun {
 public:
  ChunkRun(const Compiled<T>& compiled, const Box& box, bool accumulate, const Bound<T>& bound)
      : c_(compiled), box_(box), accumulate_(accumulate), bound_(bound) {
    for (const auto& range : box) point_.push_back(range.begin);
    for (int v = 0; v < c_.outputs; ++v) {
      const bool counts = c_.selection && v == c_.selection->counter;
      if (v != c_.chunk && !counts) output_variables_.push_back(v);
    }
    for (const auto& group : c_.groups) {
      group_variables_.emplace_back();
      for (int v = group.first; v < group.last; ++v) {
        if (v != c_.chunk) group_variables_.back().push_back(v);
      }
    }
    chunk_ = c_.chunk == kNone ? 1 : std::clamp<std::int64_t>(range_of_chunk().end - range_of_chunk().begin, 1, kChunk);
    const std::size_t rows = c_.registers.size() + c_.groups.size() + 2;
    scratch_.resize(rows * static_cast<std::size_t>(chunk_));
    operands_.resize(c_.registers.size());
    segments_.resize(c_.groups.size() + 2);
  }

  void run() {
    for (int v = 0; v < c_.outputs; ++v) {
      if (box_[at(v)].begin >= box_[at(v)].end) return;
    }
    const bool chunk_is_output = c_.chunk != kNone && c_.chunk < c_.outputs;
    do {
      if (!chunk_is_output) {
        output_point(0, 1);
        continue;
      }
      const Range whole = range_of_chunk();
      for (std::int64_t begin = whole.begin; begin < whole.end; begin += chunk_) {
        output_point(begin, std::min(whole.end, begin + chunk_));
      }
    } while (advance(point_, output_variables_, box_));
  }

 private:
  [[nodiscard]] Range range_of_chunk() const { return box_[at(c_.chunk)]; }
  [[nodiscard]] T* row(std::size_t index) { return scratch_.data() + index * static_cast<std::size_t>(chunk_); }
  [[nodiscard]] T* accumulator(std::size_t group) { return row(c_.registers.size() + group); }
  [[nodiscard]] T* stored_row() { return row(c_.registers.size() + c_.groups.size()); }
  [[nodiscard]] bool chunk_is_reduced() const { return c_.chunk >= c_.outputs; }
  // The variable of which a segment is an interval; none when the value at hand is a single point.
  [[nodiscard]] int segment_variable() const { return c_.chunk; }

  // Present intervals of [begin, end) along variable v (or of the single point 0 when v is kNone).
  const std::vector<Range>& present(std::size_t slot, const std::vector<Constraint>& constraints,
                                    const std::vector<DataConstraint>& data, int v, std::int64_t begin,
                                    std::int64_t end) {
    affine_present(slot, constraints, v, begin, end);
    if (!data.empty()) cut_by_data(segments_[slot], data, v);
    return segments_[slot];
  }

  // What data leaves of the ranges, point by point.
  void cut_by_data(std::vector<Range>& ranges, const std::vector<DataConstraint>& data, int v) {
    std::vector<Range> left;
    for (const Range& range : ranges) {
      bool open = false;
      for (std::int64_t i = range.begin; i < range.end; ++i) {
        const bool holds =
            std::all_of(data.begin(), data.end(), [&](const DataConstraint& each) { return satisfied(each, v, i); });
        if (holds && open) left.back().end = i + 1;
        if (holds && !open) left.push_back({i, i + 1});
        open = holds;
      }
    }
    ranges = std::move(left);
  }

  [[nodiscard]] bool satisfied(const DataConstraint& constraint, int v, std::int64_t along) const {
    std::int64_t value = constraint.form.constant;
    for (int i = 0; i < c_.variables(); ++i) {
      value += constraint.form.coefficients[at(i)] * (i == v ? along : point_[at(i)]);
    }
    for (const Gather& gather : constraint.gathers) value += gather.stride * gathered(gather.access, v, along);
    return constraint.is_not_equal ? value != 0 : value <= 0;
  }

  // Offset of an access with variable v at `along`, index tensors followed.
  [[nodiscard]] std::int64_t full_offset(const CompiledAccess& access, int v, std::int64_t along) const {
    std::int64_t sum = access.base;
    for (int i = 0; i < c_.variables(); ++i) sum += access.strides[at(i)] * (i == v ? along : point_[at(i)]);
    for (const Gather& gather : access.gathers) sum += gather.stride * gathered(gather.access, v, along);
    return sum;
  }

  // An element of an index tensor, as a whole number; 0 for what is none, and where the element itself is outside (such
  // a point is absent by another constraint).
  [[nodiscard]] std::int64_t gathered(int index, int v, std::int64_t along) const {
    const CompiledAccess& access = c_.accesses[at(index)];
    const std::int64_t where = full_offset(access, v, along);
    if (where < 0 || where >= access.tensor_size) return 0;
    const T value = bound_.accesses[at(index)][where];
    return value >= T(-0x1p40) && value <= T(0x1p40) ? static_cast<std::int64_t>(std::llround(value)) : 0;
  }

  const std::vector<Range>& affine_present(std::size_t slot, const std::vector<Constraint>& constraints, int v,
                                           std::int64_t begin, std::int64_t end) {
    auto& found = segments_[slot];
    found.clear();
    Range range{begin, end};
    for (const auto& constraint : constraints) {
      if (!constraint.is_not_equal) clip(constraint, v, point_, range);
    }
    if (range.begin >= range.end) return found;
    found.push_back(range);
    for (const auto& constraint : constraints) {
      if (!constraint.is_not_equal) continue;
      // The value excluded is the one that both c·v + rest <= 0 and >= 0 allow.
      Range excluded{begin, end};
      clip(constraint, v, point_, excluded);
      Constraint mirrored = constraint;
      for (auto& coefficient : mirrored.form.coefficients) coefficient = -coefficient;
      mirrored.form.constant = -mirrored.form.constant;
      clip(mirrored, v, point_, excluded);
      if (excluded.begin >= excluded.end) continue;
      const std::size_t count = found.size();
      for (std::size_t i = 0; i < count; ++i) {
        const Range each = found[i];
        if (excluded.end <= each.begin || each.end <= excluded.begin) continue;
        found[i] = {each.begin, std::max(each.begin, excluded.begin)};
        found.push_back({std::min(each.end, excluded.end), each.end});
      }
      std::erase_if(found, [](const Range& each) { return each.begin >= each.end; });
    }
    std::sort(found.begin(), found.end(), [](const Range& a, const Range& b) { return a.begin < b.begin; });
    return found;
  }

  [[nodiscard]] std::int64_t offset(const CompiledAccess& access, std::int64_t begin) const {
    std::int64_t sum = access.base;
    for (int v = 0; v < c_.variables(); ++v) {
      sum += access.strides[at(v)] * (v == c_.chunk ? begin : point_[at(v)]);
    }
    return sum;
  }

  // The expression at [begin, end) of the chunk variable.
  Operand<T> evaluate(std::int64_t begin, std::int64_t end) {
    const auto count = static_cast<std::size_t>(end - begin);
    for (std::size_t r = 0; r < c_.registers.size(); ++r) {
      const Register& reg = c_.registers[r];
      T* own = row(r);
      switch (reg.source) {
        case Source::constant:
          *own = static_cast<T>(reg.constant);
          operands_[r] = {own, 0};
          break;
        case Source::index:
          if (reg.from == c_.chunk) {
            for (std::size_t i = 0; i < count; ++i) own[i] = static_cast<T>(begin + static_cast<std::int64_t>(i));
            operands_[r] = {own, 1};
          } else {
            *own = static_cast<T>(point_[at(reg.from)]);
            operands_[r] = {own, 0};
          }
          break;
        case Source::first:
          choose(c_.alternatives[at(reg.from)], begin, count, own);
          operands_[r] = {own, 1};
          break;
        case Source::access:
          operands_[r] = load(reg.from, begin, count, own);
          break;
        case Source::step: {
          const Step<T>& step = c_.steps[at(reg.from)];
          const Operand<T> a = operands_[at(step.a)];
          const Operand<T> b = step.b == kNone ? Operand<T>{a.data, 0} : operands_[at(step.b)];
          const Operand<T> c = step.c == kNone ? Operand<T>{a.data, 0} : operands_[at(step.c)];
          const bool uniform = a.step == 0 && b.step == 0 && c.step == 0;
          if (step.ternary != nullptr) {
            step.ternary(a, b, c, own, uniform ? 1 : count);
          } else {
            step.function(a, b, own, uniform ? 1 : count);
          }
          operands_[r] = {own, uniform ? std::size_t{0} : std::size_t{1}};
          break;
        }
      }
    }
    return operands_[at(c_.result)];
  }

  Operand<T> load(int index, std::int64_t begin, std::size_t count, T* own) const {
    const CompiledAccess& access = c_.accesses[at(index)];
    if (!access.gathers.empty()) {
      const int v = c_.chunk;
      for (std::size_t i = 0; i < count; ++i) {
        own[i] = bound_.accesses[at(index)][full_offset(access, v, begin + static_cast<std::int64_t>(i))];
      }
      return {own, 1};
    }
    const T* data = bound_.accesses[at(index)] + offset(access, begin);
    const std::int64_t stride = c_.chunk == kNone ? 0 : access.strides[at(c_.chunk)];
    if (stride == 0 || stride == 1) return {data, static_cast<std::size_t>(stride)};
    for (std::size_t i = 0; i < count; ++i) own[i] = data[static_cast<std::int64_t>(i) * stride];
    return {own, 1};
  }

  // Point by point the first choice that is inside its tensor (a constant always is); 0 where none is.
  void choose(const Alternatives& alternatives, std::int64_t begin, std::size_t count, T* own) const {
    const int v = c_.chunk;
    for (std::size_t i = 0; i < count; ++i) {
      const std::int64_t along = begin + static_cast<std::int64_t>(i);
      own[i] = T(0);
      for (const auto& choice : alternatives.choices) {
        if (choice.access == kNone) {
          own[i] = static_cast<T>(choice.constant);
          break;
        }
        if (!inside(choice, v, along)) continue;
        own[i] = bound_.accesses[at(choice.access)][full_offset(c_.accesses[at(choice.access)], v, along)];
        break;
      }
    }
  }

  [[nodiscard]] bool inside(const Alternatives::Choice& choice, int v, std::int64_t along) const {
    const auto affine = [&](const Constraint& constraint) {
      std::int64_t value = constraint.form.constant;
      for (int i = 0; i < c_.variables(); ++i) {
        value += constraint.form.coefficients[at(i)] * (i == v ? along : point_[at(i)]);
      }
      return value <= 0;
    };
    return std::all_of(choice.inside.begin(), choice.inside.end(), affine) &&
           std::all_of(choice.inside_data.begin(), choice.inside_data.end(),
                       [&](const DataConstraint& each) { return satisfied(each, v, along); });
  }

  // The present values along the last variable, ordered, into the output's elements that the counter runs over.
  void select() {
    const SelectionPlan& plan = *c_.selection;
    ranked_.clear();
    const Range whole = range_of_chunk();
    for (std::int64_t begin = whole.begin; begin < whole.end; begin += chunk_) {
      const std::int64_t end = std::min(whole.end, begin + chunk_);
      for (const Range& range : present(0, c_.constraints, c_.data_constraints, c_.chunk, begin, end)) {
        const Operand<T> value = evaluate(range.begin, range.end);
        for (std::int64_t i = range.begin; i < range.end; ++i) {
          ranked_.emplace_back(value.data[static_cast<std::size_t>(i - range.begin) * value.step], i);
        }
      }
    }
    // NaN goes last, so that the order is one.
    const auto before = [&](const std::pair<T, std::int64_t>& a, const std::pair<T, std::int64_t>& b) {
      if (std::isnan(a.first) || std::isnan(b.first)) return !std::isnan(a.first) && std::isnan(b.first);
      return plan.largest_first ? a.first > b.first : a.first < b.first;
    };
    std::stable_sort(ranked_.begin(), ranked_.end(), before);
    const Range results = plan.counter == kNone ? Range{0, 1} : box_[at(plan.counter)];
    for (std::int64_t k = results.begin; k < results.end; ++k) {
      const auto i = static_cast<std::size_t>(k);
      T value = plan.gives_index ? T(-1) : T(0);
      if (i < ranked_.size()) value = plan.gives_index ? static_cast<T>(ranked_[i].second) : ranked_[i].first;
      if (plan.counter != kNone) point_[at(plan.counter)] = k;
      if (c_.rounds) round_to(c_.dtype, &value, 1);
      std::int64_t offset = c_.output.base;
      for (int v = 0; v < c_.outputs; ++v) offset += c_.output.strides[at(v)] * point_[at(v)];
      bound_.output[offset] = value;
    }
  }

  // One output, or the outputs [begin, end) along the chunk variable.
  void output_point(std::int64_t begin, std::int64_t end) {
    const int along = chunk_is_reduced() ? kNone : segment_variable();
    if (c_.carries_state && !accumulate_) carry(begin, end);  // what earlier tiles of the sum left stays
    if (c_.selection) {
      select();
      return;
    }
    if (c_.groups.empty()) {
      for (const Range& range : present(0, c_.constraints, c_.data_constraints, along, begin, end)) {
        const Operand<T> value = evaluate(range.begin, range.end);
        T* kept = stored_row();
        const auto count = static_cast<std::size_t>(range.end - range.begin);
        for (std::size_t i = 0; i < count; ++i) kept[i] = value.data[i * value.step];
        store(range.begin, kept, count);
      }
      return;
    }
    T* sums = accumulator(0);
    std::fill(sums, sums + (end - begin), c_.groups[0].identity);
    reduce(0, begin, end);
    if (c_.store_constraints.empty() && c_.store_data_constraints.empty()) {
      store(begin, sums, static_cast<std::size_t>(end - begin));
      return;
    }
    for (const Range& range :
         present(c_.groups.size() + 1, c_.store_constraints, c_.store_data_constraints, along, begin, end)) {
      store(range.begin, sums + (range.begin - begin), static_cast<std::size_t>(range.end - range.begin));
    }
  }

  // Combines into accumulator(group) everything the group's variables run over.
  void reduce(std::size_t group, std::int64_t begin, std::int64_t end) {
    const auto& variables = group_variables_[group];
    for (int v = c_.groups[group].first; v < c_.groups[group].last; ++v) {
      point_[at(v)] = box_[at(v)].begin;
      if (box_[at(v)].begin >= box_[at(v)].end) return;
    }
    do {
      if (chunk_is_reduced()) {
        reduce_along_chunk();
      } else {
        combine_point(group, begin, end);
      }
    } while (advance(point_, variables, box_));
  }

  void combine_point(std::size_t group, std::int64_t begin, std::int64_t end) {
    const bool innermost = group + 1 == c_.groups.size();
    const auto& ranges =
        present(group + 1, c_.groups[group].constraints, c_.groups[group].data_constraints, c_.chunk, begin, end);
    if (ranges.empty()) return;
    if (!innermost) {
      T* inner = accumulator(group + 1);
      std::fill(inner, inner + (end - begin), c_.groups[group + 1].identity);
      reduce(group + 1, begin, end);
    }
    T* sums = accumulator(group);
    for (const Range& range : ranges) {
      const Operand<T> value =
          innermost ? evaluate(range.begin, range.end) : Operand<T>{accumulator(group + 1) + (range.begin - begin), 1};
      T* part = sums + (range.begin - begin);
      c_.groups[group].combine({part, 1}, value, part, static_cast<std::size_t>(range.end - range.begin));
    }
  }

  // The chunk variable is the innermost reduced one: a chunk folds into one value, in order.
  void reduce_along_chunk() {
    const Range whole = range_of_chunk();
    T* sum = accumulator(0);
    for (std::int64_t begin = whole.begin; begin < whole.end; begin += chunk_) {
      const std::int64_t end = std::min(whole.end, begin + chunk_);
      for (const Range& range :
           present(1, c_.groups[0].constraints, c_.groups[0].data_constraints, c_.chunk, begin, end)) {
        const Operand<T> value = evaluate(range.begin, range.end);
        for (std::int64_t i = 0; i < range.end - range.begin; ++i) {
          c_.groups[0].combine({sum, 1}, {value.data + static_cast<std::size_t>(i) * value.step, 1}, sum, 1);
        }
      }
    }
  }

  void store(std::int64_t begin, T* values, std::size_t count) {
    if (!c_.output.gathers.empty()) {
      scatter(begin, values, count);
      return;
    }
    T* out = bound_.output + offset(c_.output, begin);
    const std::int64_t stride = chunk_is_reduced() || c_.chunk == kNone ? 1 : c_.output.strides[at(c_.chunk)];
    if (accumulate_) {
      T* before = stored_row();
      for (std::size_t i = 0; i < count; ++i) before[i] = out[static_cast<std::int64_t>(i) * stride];
      c_.groups[0].combine({before, 1}, {values, 1}, values, count);
    }
    if (c_.rounds) round_to(c_.dtype, values, count);
    for (std::size_t i = 0; i < count; ++i) out[static_cast<std::int64_t>(i) * stride] = values[i];
  }

  void scatter(std::int64_t begin, T* values, std::size_t count) {
    const int v = chunk_is_reduced() ? kNone : c_.chunk;
    if (!accumulate_ && c_.rounds) round_to(c_.dtype, values, count);
    for (std::size_t i = 0; i < count; ++i) {
      T* out = bound_.output + full_offset(c_.output, v, begin + static_cast<std::int64_t>(i));
      if (accumulate_) {
        c_.groups[0].combine({out, 1}, {values + i, 1}, values + i, 1);
        if (c_.rounds) round_to(c_.dtype, values + i, 1);
      }
      *out = values[i];
    }
  }

  // An absent update of a state keeps the previous state.
  void carry(std::int64_t begin, std::int64_t end) {
    T* out = bound_.output + offset(c_.output, begin);
    const std::int64_t stride = chunk_is_reduced() || c_.chunk == kNone ? 1 : c_.output.strides[at(c_.chunk)];
    for (std::int64_t i = 0; i < end - begin; ++i) out[i * stride] = out[i * stride + c_.previous_state];
  }

  const Compiled<T>& c_;
  const Box& box_;
  const bool accumulate_;
  const Bound<T>& bound_;
  std::vector<std::int64_t> point_;
  std::vector<int> output_variables_;
  std::vector<std::vector<int>> group_variables_;
  std::int64_t chunk_ = 1;
  std::vector<T> scratch_;
  std::vector<Operand<T>> operands_;
  std::vector<std::vector<Range>> segments_;
  std::vector<std::pair<T, std::int64_t>> ranked_;
};

}  // namespace

template <class T>
void run_chunks(const Compiled<T>& compiled, const Box& box, bool accumulate, const Bound<T>& bound) {
  ChunkRun<T>(compiled, box, accumulate, bound).run();
}

template void run_chunks(const Compiled<double>&, const Box&, bool, const Bound<double>&);
template void run_chunks(const Compiled<float>&, const Box&, bool, const Bound<float>&);

}  // namespace einloom::kernel

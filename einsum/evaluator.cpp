// SPDX-License-Identifier: Apache-2.0
// Stores, kernels and the untiled run of a whole cascade.
#include "einsum/evaluator.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/diagnostic.hpp"
#include "einsum/kernel.hpp"

namespace einloom {
namespace {

std::vector<std::int64_t> tensor_extents(const TensorDecl& tensor, const Shape& shape) {
  std::vector<std::int64_t> extents;
  for (const auto& rank : tensor.ranks) extents.push_back(shape.at(rank) + (rank == tensor.iterative_rank ? 1 : 0));
  return extents;
}

template <class T>
Tensor<T> make_tensor(const TensorDecl& decl, const Shape& shape, T fill) {
  Tensor<T> tensor(decl.ranks, tensor_extents(decl, shape), fill);
  if (decl.iterative_rank.empty()) return tensor;
  const auto found = std::find(decl.ranks.begin(), decl.ranks.end(), decl.iterative_rank);
  const auto position = static_cast<std::size_t>(found - decl.ranks.begin());
  const std::int64_t inner = tensor.strides()[position];
  const std::int64_t outer = inner * tensor.extents()[position];
  for (std::int64_t at = 0; at < tensor.size(); at += outer) {
    std::fill(tensor.data() + at, tensor.data() + at + inner, static_cast<T>(*decl.initial));
  }
  return tensor;
}

}  // namespace

template <class T>
TensorStore<T> make_store(const Cascade& cascade, const Shape& shape, T fill) {
  TensorStore<T> store;
  for (const auto& tensor : cascade.tensors()) store.emplace(tensor.name, make_tensor(tensor, shape, fill));
  return store;
}

Box full_box(const Cascade& cascade, int einsum, const Shape& shape) {
  Box box;
  for (const std::int64_t extent : variable_extents(cascade.einsums().at(static_cast<std::size_t>(einsum)), shape)) {
    box.push_back({0, extent});
  }
  return box;
}

template <class T>
struct EinsumKernel<T>::Compiled {
  kernel::Compiled<T> einsum;
};

template <class T>
EinsumKernel<T>::EinsumKernel(const Cascade& cascade, int einsum, const Shape& shape, Precision precision)
    : compiled_(std::make_unique<Compiled>(Compiled{kernel::compile<T>(cascade, einsum, shape, precision)})) {}
template <class T>
EinsumKernel<T>::~EinsumKernel() = default;
template <class T>
EinsumKernel<T>::EinsumKernel(EinsumKernel&&) noexcept = default;

template <class T>
void EinsumKernel<T>::run(const Box& box, bool accumulate, TensorStore<T>& store) const {
  const auto& einsum = compiled_->einsum;
  ensure(box.size() == einsum.extents.size(), "EinsumKernel::run: the box has another number of variables");
  for (std::size_t v = 0; v < box.size(); ++v) {
    ensure(box[v].begin >= 0 && box[v].end <= einsum.extents[v],
           "EinsumKernel::run: the box leaves the iteration space");
  }
  ensure(!accumulate || !einsum.groups.empty(), "EinsumKernel::run: a map or a selection has nothing to accumulate");
  const auto data_of = [&](const kernel::CompiledAccess& access) {
    const auto found = store.find(access.tensor);
    ensure(found != store.end() && found->second.size() == access.tensor_size,
           "EinsumKernel::run: a tensor is missing or has another shape");
    return found->second.data();
  };
  kernel::Bound<T> bound;
  bound.output = data_of(einsum.output);
  for (const auto& access : einsum.accesses) bound.accesses.push_back(data_of(access));
  if (einsum.contraction) {
    kernel::run_contraction(einsum, box, accumulate, bound);
  } else {
    kernel::run_chunks(einsum, box, accumulate, bound);
  }
}

namespace {

// Runs Einsums in document order; those that share an iterative variable advance through it together.
template <class T>
class UntiledRun {
 public:
  UntiledRun(const Cascade& cascade, const Shape& shape, Precision precision, TensorStore<T>& store,
             const ComputedPart& computed)
      : cascade_(cascade), shape_(shape), store_(store), computed_(computed) {
    for (std::size_t i = 0; i < cascade.einsums().size(); ++i) {
      kernels_.emplace_back(cascade, static_cast<int>(i), shape, precision);
      boxes_.push_back(full_box(cascade, static_cast<int>(i), shape));
    }
  }

  void run() { run_range(0, cascade_.einsums().size(), 0); }

 private:
  // Einsums [first, last), whose iterative variables before `rank` are fixed.
  void run_range(std::size_t first, std::size_t last, std::size_t rank) {
    if (rank == cascade_.iterative_ranks().size()) {
      for (std::size_t i = first; i < last; ++i) {
        kernels_[i].run(boxes_[i], false, store_);
        if (computed_) computed_(static_cast<int>(i), boxes_[i]);
      }
      return;
    }
    const std::string& name = cascade_.iterative_ranks()[rank].name;
    for (std::size_t begin = first; begin < last;) {
      std::size_t end = begin + 1;
      if (output_position(begin, name) < 0) {
        while (end < last && output_position(end, name) < 0) ++end;
        run_range(begin, end, rank + 1);
      } else {
        while (end < last && output_position(end, name) >= 0 && !needs_completed(begin, end, name)) ++end;
        iterate(begin, end, rank, name);
      }
      begin = end;
    }
  }

  void iterate(std::size_t begin, std::size_t end, std::size_t rank, const std::string& name) {
    for (std::int64_t step = 0; step < shape_.at(name); ++step) {
      for (std::size_t i = begin; i < end; ++i) {
        boxes_[i][static_cast<std::size_t>(output_position(i, name))] = {step, step + 1};
      }
      run_range(begin, end, rank + 1);
    }
    for (std::size_t i = begin; i < end; ++i) {
      boxes_[i][static_cast<std::size_t>(output_position(i, name))] = {0, shape_.at(name)};
    }
  }

  // Position of the rank's variable among the output variables; -1 when the Einsum does not advance along it.
  int output_position(std::size_t einsum, const std::string& rank) const {
    const auto& indices = cascade_.einsums()[einsum].output.indices;
    for (std::size_t i = 0; i < indices.size(); ++i) {
      if (indices[i].plain_variable() == variable_of_rank(rank)) return static_cast<int>(i);
    }
    return -1;
  }

  // Does Einsum `at` read a tensor of the run [begin, at) at another index than the current step (its last state)?
  bool needs_completed(std::size_t begin, std::size_t at, const std::string& rank) const {
    for (const Access* access : cascade_.einsums()[at].reads()) {
      const int producer = cascade_.einsum_position(access->tensor);
      if (producer < static_cast<int>(begin) || producer >= static_cast<int>(at)) continue;
      const int position = output_position(static_cast<std::size_t>(producer), rank);
      if (access->indices[static_cast<std::size_t>(position)].plain_variable() != variable_of_rank(rank)) return true;
    }
    return false;
  }

  const Cascade& cascade_;
  const Shape& shape_;
  TensorStore<T>& store_;
  const ComputedPart& computed_;
  std::vector<EinsumKernel<T>> kernels_;
  std::vector<Box> boxes_;
};

}  // namespace

template <class T>
void evaluate(const Cascade& cascade, const Shape& shape, Precision precision, TensorStore<T>& store,
              const ComputedPart& computed) {
  for (const auto& tensor : cascade.tensors()) {
    if (tensor.role == TensorRole::input) {
      const auto found = store.find(tensor.name);
      ensure(found != store.end() && found->second.extents() == tensor_extents(tensor, shape),
             fmt::format("evaluate: input `{}` is missing or has another shape", tensor.name));
    } else {
      store.insert_or_assign(tensor.name, make_tensor(tensor, shape, T(0)));
    }
  }
  UntiledRun<T>(cascade, shape, precision, store, computed).run();
}

template TensorStore<double> make_store(const Cascade&, const Shape&, double);
template TensorStore<float> make_store(const Cascade&, const Shape&, float);
template class EinsumKernel<double>;
template class EinsumKernel<float>;
template void evaluate(const Cascade&, const Shape&, Precision, TensorStore<double>&, const ComputedPart&);
template void evaluate(const Cascade&, const Shape&, Precision, TensorStore<float>&, const ComputedPart&);

}  // namespace einloom

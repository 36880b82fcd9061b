// SPDX-License-Identifier: Apache-2.0
// A cascade: ranks, tensors and ordered extended Einsums, immutable once loaded, on a Boost.Graph DAG whose
// iterative edges carry distance 1.
#pragma once

#include <boost/graph/adjacency_list.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/dtype.hpp"
#include "base/source_file.hpp"
#include "base/yaml_reader.hpp"
#include "einsum/cascade_checks.hpp"
#include "einsum/expression.hpp"

namespace einloom {

struct RankDecl {
  std::string name;  // upper case; the index variable is the lower-case name
  Span span;
};

// rank = outer · inner (M → M1, M0): extent(inner) is the parameter of that name, extent(outer) = ceil(rank / inner).
// Points with outer·inner_extent + inner >= extent(rank) are absent.
struct PartitionDecl {
  std::string rank, outer, inner;
  Span span;
};

struct ParameterDecl {
  std::string name;
  std::int64_t default_value = 0;
  Span span;
};

// A real number with a name for expressions (1e-5); indices and extents are whole numbers and cannot use it.
struct ConstantDecl {
  std::string name;
  double value = 0;
  Span span;
};

// A rank whose extent follows from others: `MS: NINIT + K + NLOCAL`, `NB: ceil(N / BS)`.
struct DerivedRank {
  std::string rank;
  Expression formula;  // uniform; over ranks declared earlier, parameters and constants
  Span span;
};

// One mechanism in several forms: Einsums under `when` exist for a choice only.
struct OptionDecl {
  std::string name;
  std::vector<std::string> values;  // the first is the default
  std::string chosen;
  Span span;
};

// What a user sets of a cascade before it is loaded.
struct CascadeChoices {
  std::map<std::string, std::string> options;
  std::map<std::string, double> constants;
  Span where;  // for errors about them
};

// What a cascade may call its family, sorted; einsum/README.md says what each one is.
[[nodiscard]] const std::vector<std::string>& cascade_families();

enum class TensorRole { input, intermediate, output };

struct TensorDecl {
  std::string name;
  std::vector<std::string> ranks;  // declared order = order of indices
  TensorRole role = TensorRole::intermediate;
  std::optional<Dtype> dtype;     // unset: the workload's
  std::string iterative_rank;     // e.g. M1 for RM[..., m1+1, ...]: states 0..M1; "" when not iterative
  std::optional<double> initial;  // value of state 0
  Span span;
};

struct DependenceEdge {
  std::string tensor;
  int distance = 0;            // 1: reads the state of the previous iteration
  std::string iterative_rank;  // "" when distance is 0
};
// Vertices are Einsum positions (0 … einsums().size()-1), edges go producer → consumer.
using DependenceGraph =
    boost::adjacency_list<boost::vecS, boost::vecS, boost::bidirectionalS, boost::no_property, DependenceEdge>;

// Extents of every rank (partitioned ones included) and values of every parameter.
class Shape {
 public:
  void set(const std::string& name, std::int64_t value) { values_[name] = value; }
  [[nodiscard]] std::optional<std::int64_t> find(const std::string& name) const;
  [[nodiscard]] std::int64_t at(const std::string& name) const;  // InternalError when unset
  [[nodiscard]] const std::map<std::string, std::int64_t>& values() const { return values_; }

 private:
  std::map<std::string, std::int64_t> values_;
};

class Cascade {
 public:
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::string& description() const { return description_; }
  [[nodiscard]] const std::string& paper() const { return paper_; }
  [[nodiscard]] const std::string& family() const { return family_; }  // one of cascade_families(), or ""
  // Models (experiments/models) it is run with, the usual one first. Their documents are not looked for here.
  [[nodiscard]] const std::vector<std::string>& presets() const { return presets_; }
  // The hand-written kernel that checks this cascade (einsum/reference/reference.hpp); "" when it names none.
  [[nodiscard]] const std::string& reference() const { return reference_; }
  [[nodiscard]] const std::vector<RankDecl>& ranks() const { return ranks_; }  // unpartitioned
  [[nodiscard]] const std::vector<PartitionDecl>& partitions() const { return partitions_; }
  [[nodiscard]] const std::vector<ParameterDecl>& parameters() const { return parameters_; }
  [[nodiscard]] const std::vector<ConstantDecl>& constants() const { return constants_; }
  [[nodiscard]] const std::vector<DerivedRank>& derived_ranks() const { return derived_; }
  [[nodiscard]] const std::vector<OptionDecl>& options() const { return options_; }  // already chosen
  // Ranks (or parts) that advance one index at a time, outermost first.
  [[nodiscard]] const std::vector<RankDecl>& iterative_ranks() const { return iterative_; }
  [[nodiscard]] const std::vector<TensorDecl>& tensors() const { return tensors_; }
  [[nodiscard]] const std::vector<Einsum>& einsums() const { return einsums_; }  // in document order = a valid order
  [[nodiscard]] const DependenceGraph& graph() const { return graph_; }
  [[nodiscard]] const CascadeChecks& checks() const { return checks_; }  // not printed
  [[nodiscard]] const Span& span() const { return span_; }

  [[nodiscard]] const TensorDecl* find_tensor(const std::string& name) const;        // nullptr when absent
  [[nodiscard]] const Einsum* find_einsum(const std::string& name) const;            // by output tensor
  [[nodiscard]] int einsum_position(const std::string& name) const;                  // -1 when absent
  [[nodiscard]] const PartitionDecl* partition_of(const std::string& rank) const;    // rank is partitioned
  [[nodiscard]] const PartitionDecl* partition_with(const std::string& part) const;  // part is outer or inner
  [[nodiscard]] bool is_derived(const std::string& rank) const;
  // The value of a uniform expression at `shape`.
  [[nodiscard]] double uniform_value(const Expression& expression, const Shape& shape) const;
  // Every name a variable may come from: ranks and parts.
  [[nodiscard]] std::vector<std::string> all_ranks() const;

  // Predicates that hold at every point of an Einsum: its own, those of the operands it reads (rewritten to its
  // variables; predicates on variables the operand reduced stay behind), and the bounds of affine accesses
  // (m1*M0+m0 < M). Points outside are absent. A state of an iterative tensor is always present: an absent update
  // carries the previous state over, so readers inherit nothing from it.
  [[nodiscard]] const std::vector<Comparison>& domain(int einsum) const {
    return domains_[static_cast<std::size_t>(einsum)];
  }

  // Completes a workload's extents: `given` has every rank that is not derived and may have parameters; parameters
  // default, derived ranks and outer parts follow, an inner part larger than its rank stays as it is. UserError
  // (shape-missing-rank, shape-unknown-name, shape-not-positive, shape-derived).
  [[nodiscard]] Shape bind(const Shape& given, const Span& where) const;

 private:
  friend class CascadeBuilder;
  std::string name_, description_, paper_, family_, reference_;
  std::vector<std::string> presets_;
  std::vector<RankDecl> ranks_;
  std::vector<PartitionDecl> partitions_;
  std::vector<ParameterDecl> parameters_;
  std::vector<ConstantDecl> constants_;
  std::vector<DerivedRank> derived_;
  std::vector<OptionDecl> options_;
  std::vector<RankDecl> iterative_;
  std::vector<TensorDecl> tensors_;
  std::vector<Einsum> einsums_;
  std::vector<std::vector<Comparison>> domains_;
  DependenceGraph graph_;
  CascadeChecks checks_;
  Span span_;
};

[[nodiscard]] std::string variable_of_rank(const std::string& rank);      // M1 → m1
[[nodiscard]] std::string rank_of_variable(const std::string& variable);  // m1 → M1

// Load = read + parse + validate; all errors of the document in one UserError. cascade-unknown-choice for what
// `choices` names and the document does not have.
[[nodiscard]] Cascade load_cascade(const YamlNode& document, const CascadeChoices& choices = {});
// The cascade as chosen, without its options. print(load(text)) parses back to the same cascade, and print ∘ load ∘
// print = print.
[[nodiscard]] std::string print_cascade(const Cascade& cascade);
[[nodiscard]] std::string print_einsum(const Einsum& einsum);
[[nodiscard]] std::string print_expression(const Expression& expression);

}  // namespace einloom

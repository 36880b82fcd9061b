// SPDX-License-Identifier: Apache-2.0
// Drops dependences that others imply: if B needs A's result of the same iteration, B ends after A, so waiting for B (a
// slot it frees, an iteration it finishes, a result built on both) is waiting for A as well. Same times, fewer checks.
#include <algorithm>

#include "mappings/steps/lowering.hpp"

namespace einloom {
namespace {

class Pruner {
 public:
  explicit Pruner(Program& program)
      : program_(program), after_(program.statements.size(), std::vector<char>(program.statements.size(), 0)) {
    for (std::size_t s = 0; s < after_.size(); ++s) spread(s, s);
  }

  void run() {
    std::vector<Dependence> kept;
    for (std::size_t i = 0; i < program_.dependences.size(); ++i) {
      if (!is_implied(i)) kept.push_back(program_.dependences[i]);
    }
    program_.dependences = std::move(kept);
  }

 private:
  static bool is_same_iteration(const Dependence& edge) { return edge.kind == DependenceKind::data && edge.aligned; }
  bool same_guards(int a, int b) const {
    return program_.statements[static_cast<std::size_t>(a)].guards ==
           program_.statements[static_cast<std::size_t>(b)].guards;
  }

  // after_[a][b]: in every iteration b starts only after a has ended.
  void spread(std::size_t from, std::size_t at) {
    for (const Dependence& edge : program_.dependences) {
      if (!is_same_iteration(edge) || edge.producer != static_cast<int>(at) || edge.producer == edge.consumer ||
          !same_guards(edge.producer, edge.consumer)) {
        continue;
      }
      char& seen = after_[from][static_cast<std::size_t>(edge.consumer)];
      if (seen == 0) {
        seen = 1;
        spread(from, static_cast<std::size_t>(edge.consumer));
      }
    }
  }

  static bool same_index(const Dependence& a, const Dependence& b) {
    return std::equal(a.index.begin(), a.index.end(), b.index.begin(), b.index.end(),
                      [](const IndexSource& x, const IndexSource& y) {
                        return x.consumer_loop == y.consumer_loop && x.distance == y.distance;
                      });
  }

  // Is there another dependence of the same consumer on something that ends later?
  bool is_implied(std::size_t index) const {
    const Dependence& edge = program_.dependences[index];
    if (edge.kind == DependenceKind::engine) return false;
    for (const Dependence& other : program_.dependences) {
      if (other.consumer != edge.consumer || other.kind != edge.kind || other.producer == edge.producer) continue;
      if (other.latency_cycles < edge.latency_cycles) continue;
      if (after_[static_cast<std::size_t>(edge.producer)][static_cast<std::size_t>(other.producer)] == 0) continue;
      if (edge.kind == DependenceKind::data && !(edge.aligned && other.aligned)) continue;
      if (edge.kind == DependenceKind::slot && (edge.storage != other.storage || !same_index(edge, other))) continue;
      return true;
    }
    return false;
  }

  Program& program_;
  std::vector<std::vector<char>> after_;
};

}  // namespace

void prune_dependences(Lowering& lowering) { Pruner(lowering.program).run(); }

}  // namespace einloom

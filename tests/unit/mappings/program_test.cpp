// SPDX-License-Identifier: Apache-2.0
// Arithmetic on loop trees against a walk through the tree, one body execution after the other.
#include "mappings/program.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

using namespace einloom;

namespace {

// What a statement does in one walk through the tree.
struct Walked {
  std::vector<std::vector<std::int64_t>> positions;  // along the effective loops, by instance
  std::vector<std::int64_t> iterations;              // body execution, by instance
  std::vector<std::int64_t> variants;                // how often each set of partial extents applied
};

// A random tree: nests of loops in nests, bodies anywhere, statements with random guards in the bodies.
class RandomTree {
 public:
  explicit RandomTree(std::uint64_t seed) : random_(seed) {
    const std::int64_t nests = between(1, 3);
    std::int64_t offset = 0;
    if (between(1, 4) == 1) offset += add_body({}, offset);
    for (std::int64_t i = 0; i < nests; ++i) offset += add_loop(-1, offset, {}, 1);
    program.iterations = offset;
    walk();
  }

  Program program;
  std::vector<Walked> walked;  // by statement

 private:
  // Adds a loop with something in it; returns its body executions.
  std::int64_t add_loop(int parent, std::int64_t offset, std::vector<int> path, int depth) {
    const auto at = program.loops.size();
    ProgramLoop loop;
    loop.trip = between(1, 4);
    loop.parent = parent;
    loop.offset = offset;
    program.loops.push_back(loop);
    path.push_back(static_cast<int>(at));
    std::int64_t inside = 0;
    const std::int64_t items = between(1, 3);
    for (std::int64_t i = 0; i < items; ++i) {
      const bool is_loop = depth < 4 && between(1, 2) == 1;
      inside += is_loop ? add_loop(static_cast<int>(at), inside, path, depth + 1) : add_body(path, inside);
    }
    program.loops[at].volume = inside;
    return inside * program.loops[at].trip;
  }

  std::int64_t add_body(const std::vector<int>& path, std::int64_t body_offset) {
    const std::int64_t statements = between(1, 3);
    for (std::int64_t i = 0; i < statements; ++i) add_statement(path, body_offset);
    return 1;
  }

  void add_statement(const std::vector<int>& path, std::int64_t body_offset) {
    Statement statement;
    statement.loops = path;
    statement.body_offset = body_offset;
    for (std::size_t i = 0; i < path.size(); ++i) {
      const std::int64_t kind = between(1, 5);
      statement.guards.push_back(kind == 1 ? Guard::first : kind == 2 ? Guard::last : Guard::every);
      if (statement.guards.back() != Guard::every) continue;
      statement.effective.push_back(static_cast<int>(i));
      statement.trips.push_back(program.loops[static_cast<std::size_t>(path[i])].trip);
      statement.instances *= statement.trips.back();
    }
    const std::int64_t partials = between(0, 3);
    for (std::int64_t k = 0; k < partials; ++k) {
      PartialExtent partial;
      for (std::size_t i = 0; i < path.size(); ++i) {
        if (between(1, 2) == 1) partial.loops.push_back(static_cast<int>(i));
      }
      statement.partials.push_back(partial);
    }
    statement.variants.resize(std::size_t{1} << statement.partials.size());
    program.statements.push_back(statement);
  }

  void walk() {
    for (const Statement& statement : program.statements) {
      walked.push_back({{}, {}, std::vector<std::int64_t>(statement.variants.size(), 0)});
    }
    std::vector<std::int64_t> index(program.loops.size(), 0);
    std::int64_t execution = 0;
    walk_level(-1, index, execution);
    REQUIRE(execution == program.iterations);
  }

  // Everything directly inside a loop (-1: the top), in the order of its offsets.
  void walk_level(int parent, std::vector<std::int64_t>& index, std::int64_t& execution) {
    const std::int64_t begin = execution;
    bool found = true;
    while (found) {
      found = false;
      for (std::size_t s = 0; s < program.statements.size(); ++s) {
        const Statement& statement = program.statements[s];
        if ((statement.loops.empty() ? -1 : statement.loops.back()) != parent) continue;
        if (begin + statement.body_offset != execution) continue;
        act(s, index, execution);
        found = true;
      }
      if (found) {
        ++execution;
        continue;
      }
      for (std::size_t l = 0; l < program.loops.size(); ++l) {
        if (program.loops[l].parent != parent || begin + program.loops[l].offset != execution) continue;
        for (index[l] = 0; index[l] < program.loops[l].trip; ++index[l])
          walk_level(static_cast<int>(l), index, execution);
        index[l] = 0;
        found = true;
        break;
      }
    }
  }

  void act(std::size_t s, const std::vector<std::int64_t>& index, std::int64_t execution) {
    const Statement& statement = program.statements[s];
    std::vector<std::int64_t> position;
    const auto is_last = [&](std::size_t i) {
      const auto loop = static_cast<std::size_t>(statement.loops[i]);
      return index[loop] == program.loops[loop].trip - 1;
    };
    for (std::size_t i = 0; i < statement.loops.size(); ++i) {
      const std::int64_t at = index[static_cast<std::size_t>(statement.loops[i])];
      if (statement.guards[i] == Guard::first && at != 0) return;
      if (statement.guards[i] == Guard::last && !is_last(i)) return;
      if (statement.guards[i] == Guard::every) position.push_back(at);
    }
    std::size_t set = 0;
    for (std::size_t k = 0; k < statement.partials.size(); ++k) {
      const auto& loops = statement.partials[k].loops;
      const bool applies =
          std::all_of(loops.begin(), loops.end(), [&](int i) { return is_last(static_cast<std::size_t>(i)); });
      set |= applies ? std::size_t{1} << k : 0;
    }
    CHECK(program.variant_at(statement, position) == set);
    walked[s].positions.push_back(position);
    walked[s].iterations.push_back(execution);
    ++walked[s].variants[set];
  }

  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(high - low + 1));
  }

  std::mt19937_64 random_;
};

}  // namespace

TEST_CASE("positions, iterations, instances and variants are those of a walk") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    INFO("seed " << seed);
    const RandomTree tree(seed);
    for (std::size_t s = 0; s < tree.program.statements.size(); ++s) {
      INFO("statement " << s);
      const Statement& statement = tree.program.statements[s];
      const Walked& walked = tree.walked[s];
      REQUIRE(static_cast<std::int64_t>(walked.positions.size()) == statement.instances);
      CHECK(tree.program.instances_by_variant(statement) == walked.variants);
      std::vector<std::int64_t> position;
      for (std::size_t i = 0; i < walked.positions.size(); ++i) {
        tree.program.position_of(statement, static_cast<std::int64_t>(i), position);
        REQUIRE(position == walked.positions[i]);
        REQUIRE(tree.program.iteration_of(statement, position) == walked.iterations[i]);
      }
      for (std::int64_t executions = -2; executions <= tree.program.iterations + 2; ++executions) {
        const auto before = std::count_if(walked.iterations.begin(), walked.iterations.end(),
                                          [executions](std::int64_t iteration) { return iteration < executions; });
        REQUIRE(tree.program.instances_within(statement, executions) == before);
      }
    }
  }
}

TEST_CASE("a loop's name joins its digits' variables") {
  ProgramLoop loop;
  loop.digits = {{"b", "b", 2, 1}, {"h", "h", 3, 1}};
  CHECK(loop.name() == "b.h");
}

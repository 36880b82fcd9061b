// SPDX-License-Identifier: Apache-2.0
// Wrong arguments, settings and output folders; earlier results survive all of them.
#include "errors/command.hpp"

namespace einloom::test {
namespace {

struct BadArguments {
  std::string arguments;
  std::string expected;
};

void check_all(const TemporaryFolder& folder, const std::vector<BadArguments>& cases) {
  for (const BadArguments& each : cases) {
    DYNAMIC_SECTION("einloom " << each.arguments) {
      const Outcome outcome = einloom_in(folder, each.arguments);
      CHECK(outcome.err == each.expected);
      CHECK(outcome.exit_code == 1);
    }
  }
}

TEST_CASE("wrong arguments") {
  const TemporaryFolder folder;
  write_documents(folder);
  check_all(
      folder,
      {
          {"rum spec.yaml", R"(command line:1:9: error[command-line]: there is no command `rum`
 1 | einloom rum spec.yaml
   |         ^^^
help: did you mean `run`?
)"},
          {"run", R"(command line:1:1: error[command-line]: SPEC is required
 1 | einloom run
   | ^^^^^^^^^^^
help: `einloom run --help` shows what there is
)"},
          {"run spec.yaml --job 2", R"(command line:1:23: error[command-line]: there is no option `--job` here
 1 | einloom run spec.yaml --job 2
   |                       ^^^^^
help: did you mean `--jobs`?
)"},
          {"run spec.yaml --jobs 0", R"(command line:1:23: error[command-line]: --jobs: Value 0 not in range 1 to 4096
 1 | einloom run spec.yaml --jobs 0
   |                       ^^^^^^
help: `einloom run --help` shows what there is
)"},
          {"run spec.yaml --jobs two",
           R"(command line:1:23: error[command-line]: --jobs: Value two not in range 1 to 4096
 1 | einloom run spec.yaml --jobs two
   |                       ^^^^^^
help: `einloom run --help` shows what there is
)"},
          {"run spec.yaml --fidelity cycles",
           R"(command line:1:23: error[command-line]: --fidelity: cycles not in {cycle,pe,waterfall}
 1 | einloom run spec.yaml --fidelity cycles
   |                       ^^^^^^^^^^
help: `einloom run --help` shows what there is
)"},
          {"run spec.yaml --format xml",
           R"(command line:1:23: error[command-line]: --format: xml not in {table,csv,json}
 1 | einloom run spec.yaml --format xml
   |                       ^^^^^^^^
help: `einloom run --help` shows what there is
)"},
          {"list plants", R"(command line:1:14: error[command-line]: there are no documents of kind `plants`
 1 | einloom list plants
   |              ^^^^^^
help: did you mean `plans`?
)"},
      });
}

TEST_CASE("wrong settings") {
  const TemporaryFolder folder;
  write_documents(folder);
  folder.write("unchecked.yaml",
               "cascade: unchecked\nranks: [M]\ntensors:\n  A: {ranks: [M], role: input}\n"
               "  Z: {ranks: [M], role: output}\neinsums:\n  - Z[m] = A[m] * 2\ncheck: {stress: {A: 2}}\n");
  check_all(
      folder,
      {
          {"run spec.yaml --set M", R"(--set:1:1: error[setting-syntax]: `M` is not of the form key=value
 1 | M
   | ^
help: for example `--set B=1` or `--set seq_len=1024,4096`
)"},
          {"run spec.yaml --set M=1,,2",
           R"(--set:1:5: error[setting-syntax]: nothing stands between two commas; every value must be written
 1 | M=1,,2
   |     ^
)"},
          {"run spec.yaml --set M=1,2,K=3",
           R"(--set:1:7: error[setting-syntax]: `K=3` stands among the values of `M`
 1 | M=1,2,K=3
   |       ^^^
help: a comma separates values of one key; repeat the option: `--set M=1,2 --set K=3`
)"},
          {"run spec.yaml --set M=0",
           R"(--set:1:3: error[setting-not-integer]: `M` is 0; it must be an integer from 1 to 1099511627776
 1 | M=0
   |   ^
)"},
          {"run spec.yaml --set M=many",
           R"(--set:1:3: error[expression-unknown-name]: there is no value named `many`
 1 | M=many
   |   ^^^^
help: known: K, M, N
)"},
          {"run spec.yaml --set L=4",
           R"(--set:1:1: error[setting-unknown-key]: no cascade or model of this run has a rank or parameter `L`
 1 | L=4
   | ^
help: did you mean `K`?
)"},
          {"run spec.yaml --set size=4",
           R"(--set:1:1: error[setting-unknown-key]: `size` is nothing that can be set; known are ranks and parameters (upper case), `seq_len`, `dtype`, `fidelity`, `configuration`, `model`, and `cascade`, `machine`, `plan` with a path
 1 | size=4
   | ^^^^
)"},
          {"run spec.yaml --set seq_len=4",
           R"(--set:1:1: error[setting-needs-model]: the spec names no model; `seq_len` sets the ranks that a model lists
 1 | seq_len=4
   | ^^^^^^^
)"},
          {"run spec.yaml --set dtype=fp8", R"(--set:1:7: error[dtype-unknown]: there is no dtype `fp8`
 1 | dtype=fp8
   |       ^^^
help: known: fp64, fp32, bf16, fp16, int8, int4, int32
)"},
          {"run spec.yaml --set fidelity=cycles", R"(--set:1:10: error[fidelity-unknown]: there is no fidelity `cycles`
 1 | fidelity=cycles
   |          ^^^^^^
help: did you mean `cycle`?
)"},
          {"run spec.yaml --set configuration=all",
           R"(--set:1:15: error[unknown-configuration]: there is no configuration `all`
 1 | configuration=all
   |               ^^^
help: known: only
)"},
          {"run spec.yaml --set machine.components.buffer.size=4",
           R"(--set machine:1:19: error[unknown-key]: component `buffer` has no key `size`
 1 | components.buffer.size=4
   |                   ^^^^
help: known: kind, access_width, banks, capacity, energy, latency, ports, queue_accesses
)"},
          {"run spec.yaml --set machine.components.bufer.capacity=4KiB",
           R"(--set:1:20: error[setting-unknown-place]: `bufer` is not there; only the last key of a path may be new
 1 | machine.components.bufer.capacity=4KiB
   |                    ^^^^^
help: did you mean `buffer`?
)"},
          {"run spec.yaml --set machine.components.buffer.capacity=4",
           R"(--set machine:1:28: error[unit-missing]: `capacity` of `buffer` must have a unit; found `4`
 1 | components.buffer.capacity=4
   |                            ^
help: write for example `16 MiB`; units: B, KiB, MiB, GiB, TiB, kB, MB, GB
)"},
          {"run spec.yaml --set 'machine.components.buffer.capacity=4 parsec'",
           R"(--set machine:1:30: error[unit-unknown]: `parsec` is not a unit of `capacity` of `buffer`; it must be a number of bytes
 1 | components.buffer.capacity=4 parsec
   |                              ^^^^^^
help: units: B, KiB, MiB, GiB, TiB, kB, MB, GB
)"},
          {"run spec.yaml --set machine.components.buffer.capacity=64B",
           R"(plan.yaml:12:26: error[tile-exceeds-buffer]: the plan needs 320 B in `buffer`, which holds 64 B; 256 B are missing (A 2 × 64 B, B 2 × 64 B, Y 2 × 32 B)
 12 |   A: {in: buffer, slots: 2}
    |                          ^
--set machine:1:28: note: capacity declared here
help: choose smaller tiles or a larger memory
)"},
          {"run spec.yaml --set plan.tiles.M0=8",
           R"(plan.yaml:9:26: error[tile-exceeds-array]: a tile of `Z` spreads 8 values of `m` over 4 rows
 9 |   Z: {array: grid, rows: m0, columns: n0, time: [k]}
   |                          ^^
machine.yaml:7:32: note: rows declared here
help: make the tile of M at most 4
)"},
          {"run spec.yaml --set M=1000000000000 --set N=1000000000000",
           R"(spec.yaml:3:3: error[workload-too-large]: `Z` has 8e+24 points; at most 2.88e+17 can be counted
 3 |   only: {cascade: ./cascade.yaml, machine: ./machine.yaml, plan: ./plan.yaml}
   |   ^^^^
help: make an extent smaller
)"},
          {"check ./unchecked.yaml",
           R"(unchecked.yaml:1:10: error[check-missing]: cascade `unchecked` has no case to be checked with
 1 | cascade: unchecked
   |          ^^^^^^^^^
help: add `check: {cases: [{shape: {…}}]}`, or give a shape with `--set`
)"},
          {"check",
           R"(command line:1:9: error[command-line]: `check` takes cascades, or `--all` for every one that has a name
 1 | einloom check
   |         ^^^^^
help: `einloom list cascades` names them all
)"},
          {"check mha gqa --set P=4",
           R"(command line:1:29: error[command-line]: several cascades, and files, are of what documents claim; extents, `--model`, `--dtype` and `--scale` are for one cascade at one shape
 1 | einloom check mha gqa --set P=4
   |                             ^^^
)"},
          {"check ./cascade.yaml --set M=4 --set K=4 --set N=4",
           R"(cascade.yaml:1:10: error[reference-missing]: cascade `dot` names no kernel to check against; values need an independent answer
 1 | cascade: dot
   |          ^^^
help: add `reference:` with the name of a kernel; known: activator_glu, agent_attention, alibi, alternating_subregion, attention_distance, attention_diversification, attention_redistribution, attention_strength, causal, channel_group_attention, consist_edit, cope_fusion, …
)"},
      });
}

TEST_CASE("what an analysis cannot do") {
  const TemporaryFolder folder;
  write_documents(folder);
  check_all(
      folder,
      {
          {"analyze",
           R"(command line:1:9: error[command-line]: `analyze` takes cascades, or `--all` for every one that has a name
 1 | einloom analyze
   |         ^^^^^^^
help: `einloom list cascades` names them all
)"},
          {"analyze cascade.yaml --model ./model.yaml",
           R"(command line:1:17: error[command-line]: model `tiny_model` leaves the extent of `K` to the sequence length
 1 | einloom analyze cascade.yaml --model ./model.yaml
   |                 ^^^^^^^^^^^^
help: add `--set seq_len=N`
)"},
          {"analyze cascade.yaml --set seq_len=8",
           R"(--set:1:1: error[setting-needs-model]: `seq_len` sets the ranks that a model lists; name one with `--model`
 1 | seq_len=8
   | ^^^^^^^
)"},
          {"analyze cascade.yaml --set machine.clock=3GHz",
           R"(--set:1:1: error[setting-unknown-key]: `machine.clock` means nothing to an analysis; it knows extents, parameters, `seq_len` and `cascade.` paths
 1 | machine.clock=3GHz
   | ^^^^^^^^^^^^^
)"},
          {"analyze cascade.yaml --set M=1000000000 --set N=1000000000 --set K=1000000000",
           R"(command line:1:17: error[workload-too-large]: `Z` has 6e+27 operations; at most 4.61e+18 can be counted
 1 | einloom analyze cascade.yaml --set M=1000000000 --set N=1000000000 --set K=1000000000
   |                 ^^^^^^^^^^^^
help: make an extent smaller
)"},
      });
}

TEST_CASE("what cannot be transformed") {
  const TemporaryFolder folder;
  write_documents(folder);
  folder.write("stride.yaml", R"(cascade: stride
ranks: [M]
tensors:
  X: {ranks: [M], role: input}
  Z: {ranks: [], role: output}
einsums:
  - Z[] = sum(m) X[m] * X[2*m-1]
)");
  folder.write("steps.yaml", R"(cascade: steps
ranks: [M]
iterative: [M]
tensors:
  X: {ranks: [M], role: input}
  S: {ranks: [M], initial: 0}
  Z: {ranks: [], role: output}
einsums:
  - S[m+1] = S[m] + X[m]
  - Z[] = S[M]
)");
  // A late factor that overflows: inf - inf inside the sum, inf outside of it.
  folder.write("overflow.yaml", R"(cascade: overflow
ranks: [P, M]
tensors:
  S: {ranks: [P, M], role: input}
  T: {ranks: [P]}
  G: {ranks: [P]}
  A: {ranks: [P, M]}
  O: {ranks: [P], role: output}
einsums:
  - T[p] = sum(m) S[p,m] * S[p,m]
  - G[p] = exp(1000 * T[p])
  - A[p,m] = S[p,m] * G[p]
  - O[p] = sum(m) A[p,m]
)");
  folder.write("tiles.yaml", R"(cascade: tiles
ranks: [P, M]
partitions: {M: [M1, M0]}
parameters: {M0: 4}
tensors:
  S: {ranks: [P, M], role: input}
  GM: {ranks: [P]}
  X: {ranks: [P, M1, M0]}
  D: {ranks: [P], role: output}
einsums:
  - GM[p] = max(m1,m0) S[p,m1*M0+m0]
  - X[p,m1,m0] = exp(S[p,m1*M0+m0] - GM[p]) | m1 < p
  - D[p] = sum(m1,m0) X[p,m1,m0]
)");
  check_all(
      folder,
      {
          {"transform cascade.yaml",
           R"(command line:1:9: error[command-line]: a transformation is `--apply NAME:RANK`, or `--minimize-passes`
 1 | einloom transform cascade.yaml
   |         ^^^^^^^^^
help: `einloom transform --help` lists the names
)"},
          {"transform cascade.yaml --apply defre:M",
           R"(command line:1:40: error[transform-unknown]: there is no transformation `defre`
 1 | einloom transform cascade.yaml --apply defre:M
   |                                        ^^^^^^^
help: did you mean `defer`?
)"},
          {"transform cascade.yaml --apply defer",
           R"(command line:1:40: error[transform-syntax]: `defer` is no transformation: it names no rank
 1 | einloom transform cascade.yaml --apply defer
   |                                        ^^^^^
help: write `defer:M`
)"},
          {"transform cascade.yaml --apply defer:M=4",
           R"(command line:1:40: error[transform-syntax]: `defer:M=4` is no transformation: `defer` takes no number
 1 | einloom transform cascade.yaml --apply defer:M=4
   |                                        ^^^^^^^^^
help: write `defer:M`
)"},
          {"transform cascade.yaml --apply partition:M=x",
           R"(command line:1:40: error[transform-syntax]: `partition:M=x` is no transformation: the size of a tile is a whole number from 1 on
 1 | einloom transform cascade.yaml --apply partition:M=x
   |                                        ^^^^^^^^^^^^^
help: write `partition:M` or `partition:M=64`
)"},
          {"transform cascade.yaml --apply partition:M",
           R"(cascade.yaml:1:10: error[transform-impossible]: rank `M` cannot be partitioned: no Einsum reduces over it, and inputs and outputs keep their ranks
 1 | cascade: dot
   |          ^^^
)"},
          {"transform cascade.yaml --minimize-passes --rank KK",
           R"(cascade.yaml:1:10: error[transform-impossible]: cascade `dot` has no rank `KK`
 1 | cascade: dot
   |          ^^^
help: did you mean `K`?
)"},
          {"transform cascade.yaml --apply running:K",
           R"(cascade.yaml:1:10: error[transform-impossible]: the tiles of `K` cannot be merged: it is not partitioned
 1 | cascade: dot
   |          ^^^
help: apply `partition:K` first
)"},
          {"transform stride.yaml --apply partition:M",
           R"(stride.yaml:7:25: error[transform-impossible]: rank `M` cannot be partitioned: `X` is read at `2*m-1`, with a stride
 7 |   - Z[] = sum(m) X[m] * X[2*m-1]
   |                         ^^^^^^^^
)"},
          {"transform steps.yaml --apply partition:M",
           R"(steps.yaml:3:13: error[transform-impossible]: rank `M` cannot be partitioned: it is iterative
 3 | iterative: [M]
   |             ^
)"},
          {"transform tiles.yaml --apply running:M",
           R"(tiles.yaml:1:10: error[transform-impossible]: `RD` has tiles without a point, by `m1 < p`, at which `RGM` has some; its running value would miss their corrections
 1 | cascade: tiles
   |          ^^^^^
)"},
          {"transform overflow.yaml --minimize-passes",
           R"(command line:1:19: error[transform-differs]: the result gives other values than `overflow`: the largest error in `O` is inf of 1 + |value|, allowed 1e-11 (seed 1)
 1 | einloom transform overflow.yaml --minimize-passes
   |                   ^^^^^^^^^^^^^
)"},
          {"transform cascade.yaml --apply partition:K --output nowhere/result.yaml",
           R"(command line:1:61: error[output-unwritable]: cannot write nowhere/result.yaml: No such file or directory
 1 | einloom transform cascade.yaml --apply partition:K --output nowhere/result.yaml
   |                                                             ^^^^^^^^^^^^^^^^^^^
help: name a file that can be written
)"},
      });
}

TEST_CASE("another number of values for a zipped key") {
  const TemporaryFolder folder;
  write_documents(folder);
  folder.write("spec.yaml", kSpec + "sweep: {zip: {K: [4, 8], M: [4, 8]}}\n");
  check_all(folder, {{"run spec.yaml --set K=4,8,16",
                      R"(--set:1:3: error[setting-zip-length]: `K` is zipped with keys of 2 values; 3 values do not fit
 1 | K=4,8,16
   |   ^
)"}});
}

TEST_CASE("output that cannot be written") {
  const TemporaryFolder folder;
  write_documents(folder);
  folder.write("taken/results.sqlite", "not a database, but long enough to have been one once upon a time");
  check_all(
      folder,
      {
          {"run spec.yaml --out spec.yaml",
           R"(command line:1:23: error[output-unwritable]: cannot write spec.yaml: Not a directory
 1 | einloom run spec.yaml --out spec.yaml
   |                       ^^^^^
help: name a folder that can be written with `--out`
)"},
          {"run spec.yaml --out spec.yaml/below",
           R"(command line:1:23: error[output-unwritable]: cannot write spec.yaml/below: Not a directory
 1 | einloom run spec.yaml --out spec.yaml/below
   |                       ^^^^^
help: name a folder that can be written with `--out`
)"},
          {"run spec.yaml --out taken",
           R"(command line:1:23: error[store-unusable]: cannot use the results kept in taken/results.sqlite: file is not a database
 1 | einloom run spec.yaml --out taken
   |                       ^^^^^
help: name another folder, or remove the file to compute everything again
)"},
      });
}

TEST_CASE("a run that fails leaves earlier results as they were") {
  const TemporaryFolder folder;
  write_documents(folder);
  CHECK(einloom_in(folder, "run spec.yaml --out results").exit_code == 0);
  const std::string csv = folder.read("results/results.csv"), json = folder.read("results/results.json");
  CHECK(csv.size() > 100);
  for (const std::string arguments : {"--set M=0", "--set plan.tiles.M0=8", "--set plan=nowhere.yaml", "--jobs 0",
                                      "--set machine.components.buffer.capacity=64B"}) {
    INFO(arguments);
    const Outcome outcome = einloom_in(folder, "run spec.yaml --out results " + arguments);
    CHECK(outcome.exit_code == 1);
    CHECK(outcome.err.find("error[") != std::string::npos);
    CHECK(folder.read("results/results.csv") == csv);
    CHECK(folder.read("results/results.json") == json);
  }
}

}  // namespace
}  // namespace einloom::test

// SPDX-License-Identifier: Apache-2.0
// Dependences with their latencies: what must have happened before an instance of a statement may start.
// Times are wavefront times (PE(0,0)); see sim/README.md for the rules and their derivation.
#include <fmt/format.h>

#include <algorithm>

#include "mappings/steps/lowering.hpp"
#include "mappings/tile_region.hpp"

namespace einloom {
namespace {

class Connector {
 public:
  explicit Connector(Lowering& lowering) : lowering_(lowering), program_(lowering.program) {}

  void run() {
    for (std::size_t s = 0; s < program_.statements.size(); ++s) {
      const Statement& statement = program_.statements[s];
      if (statement.kind == StatementKind::operation) connect_operands(static_cast<int>(s));
      if (statement.kind == StatementKind::store) connect_store(static_cast<int>(s));
      if (statement.kind == StatementKind::load) connect_reload(static_cast<int>(s));
    }
    for (std::size_t i = 0; i < program_.storages.size(); ++i) connect_slots(static_cast<int>(i));
    connect_iterations();
    lowering_.diagnostics.throw_if_any();
  }

 private:
  const Statement& at(int statement) const { return program_.statements[static_cast<std::size_t>(statement)]; }
  const std::string& tensor_name(int tensor) const { return program_.tensors[static_cast<std::size_t>(tensor)]; }

  // Position in `effective` of the loop that is, or is named like, `loop`; -1 when there is none.
  int effective_place(const Statement& statement, int loop) {
    int named = -1;
    for (std::size_t e = 0; e < statement.effective.size(); ++e) {
      const int own = statement.loops[static_cast<std::size_t>(statement.effective[e])];
      if (own == loop) return static_cast<int>(e);
      if (lowering_.loop(own).name() == lowering_.loop(loop).name()) named = static_cast<int>(e);
    }
    return named;
  }

  static bool is_guarded(const Statement& statement, int loop, Guard guard) {
    for (std::size_t i = 0; i < statement.loops.size(); ++i) {
      if (statement.loops[i] == loop) return statement.guards[i] == guard;
    }
    return false;
  }

  // Where, along a loop of the producer, lies the instance that `access` of the consumer reads?
  IndexSource source(const Statement& producer, const Access* output, const Statement& consumer, const Access* access,
                     int loop) {
    if (is_guarded(consumer, loop, Guard::first)) return {IndexSource::kFirst, 0};
    const int place = effective_place(consumer, loop);
    if (place < 0) return {IndexSource::kLast, 0};
    if (output == nullptr || access == nullptr || lowering_.loop(loop).digits.size() > 1) return {place, 0};
    const std::string& dimension = lowering_.loop(loop).digits.front().dimension;
    for (std::size_t i = 0; i < output->indices.size(); ++i) {
      if (output->indices[i].plain_variable() != dimension) continue;
      const IndexExpression& read = access->indices[i];
      if (read.variables().empty()) return {IndexSource::kLast, 0};  // the final state
      if (read.plain_variable() == dimension) {
        return {place, output->indices[i].plain_offset() - read.plain_offset()};
      }
      return {IndexSource::kLast, 0};
    }
    // The producer sums, or scatters, over this loop: complete only after its last iteration.
    const bool scatters =
        producer.kind == StatementKind::operation && output != nullptr && lowering_.scatters_over(producer, loop);
    if ((producer.accumulates || scatters) && is_shared(producer, consumer, loop)) {
      lowering_.diagnostics
          .error("reads-partial-sum", consumer.span,
                 fmt::format("`{}` reads `{}` in every iteration of `{}`, but `{}` {} over that loop", consumer.name,
                             producer.name, lowering_.loop(loop).name(), producer.name, scatters ? "scatters" : "sums"))
          .with_help(fmt::format("put `{}` in a nest of its own behind the loop", consumer.name));
    }
    return {IndexSource::kLast, 0};
  }

  static bool is_shared(const Statement& a, const Statement& b, int loop) {
    const auto has = [loop](const Statement& s) {
      return std::find(s.loops.begin(), s.loops.end(), loop) != s.loops.end();
    };
    return has(a) && has(b) && &a != &b;
  }

  static bool same_loops(const Statement& a, const Statement& b) {
    if (a.effective.size() != b.effective.size()) return false;
    for (std::size_t e = 0; e < a.effective.size(); ++e) {
      if (a.loops[static_cast<std::size_t>(a.effective[e])] != b.loops[static_cast<std::size_t>(b.effective[e])]) {
        return false;
      }
    }
    return true;
  }

  static bool follows_exactly(const std::vector<IndexSource>& index) {
    for (std::size_t e = 0; e < index.size(); ++e) {
      if (index[e].consumer_loop != static_cast<int>(e) || index[e].distance != 0) return false;
    }
    return true;
  }

  void connect_operands(int consumer_index) {
    const Statement& consumer = at(consumer_index);
    const std::vector<const Access*> accesses = lowering_.accesses(consumer);
    for (std::size_t a = 0; a < accesses.size(); ++a) {
      const Access* access = accesses[a];
      access_ = static_cast<int>(a);
      const Placement* placement = lowering_.placement(access->tensor);
      const bool through_dram = placement != nullptr && placement->reload != nullptr;
      connect_loads(consumer_index, *access);
      if (lowering_.tensor(access->tensor).role == TensorRole::input || through_dram) continue;
      if (is_initial_state(consumer, *access)) continue;
      connect_result(lowering_.statement_of.at(access->tensor), consumer_index, *access);
    }
    access_ = -1;
  }

  // A state before the first iteration of a loop that, with a single iteration, the plan leaves out.
  bool is_initial_state(const Statement& consumer, const Access& access) {
    const Access& output = lowering_.cascade.find_einsum(access.tensor)->output;
    if (!reads_earlier_state(output, access)) return false;
    const std::string variable = variable_of_rank(lowering_.tensor(access.tensor).iterative_rank);
    return std::none_of(consumer.loops.begin(), consumer.loops.end(),
                        [&](int loop) { return lowering_.advances(loop, variable); });
  }

  void connect_loads(int consumer_index, const Access& access) {
    const Statement& consumer = at(consumer_index);
    for (std::size_t s = 0; s < program_.statements.size(); ++s) {
      const Statement& load = program_.statements[s];
      if (!lowering_.serves(load, consumer, access)) continue;
      Dependence edge;
      edge.kind = DependenceKind::data;
      edge.producer = static_cast<int>(s);
      edge.consumer = consumer_index;
      edge.tensor = load.tensor;
      for (int e : load.effective) {
        edge.index.push_back(source(load, nullptr, consumer, nullptr, load.loops[static_cast<std::size_t>(e)]));
      }
      edge.aligned = same_loops(load, consumer) && follows_exactly(edge.index);
      if (load.share == 1 && consumer.instruction.empty() && is_preloaded(consumer, access)) {
        edge.way.into_rows = lowering_.array(consumer.array).rows - 1;
        edge.latency_cycles = edge.transit_cycles = edge.way.into_rows;
      }
      add(edge);
    }
  }

  // Does an operand with these indices vary along an axis of the array?
  bool varies(const std::optional<Name>& axis, const std::vector<std::string>& indices) const {
    return axis &&
           std::find(indices.begin(), indices.end(), lowering_.index_level(axis->text).variable) != indices.end();
  }

  // An operand that varies along rows and columns enters at one edge, row by row: the first row's values have reached
  // their PEs R - 1 hops after they were there to be sent.
  bool is_preloaded(const Statement& reader, const Access& access) {
    const Binding& binding = *lowering_.binding_of.at(reader.name);
    const std::vector<std::string> indices = index_variables(access);
    return varies(binding.rows, indices) && varies(binding.columns, indices);
  }

  // What comes back from DRAM has been written there: the same tile's share, or the whole tensor as far as the loops
  // around both go, since the two sides may cut it into other tiles.
  void connect_reload(int load_index) {
    const Statement& load = at(load_index);
    if (lowering_.tensor(tensor_name(load.tensor)).role == TensorRole::input) return;
    const Access& output = lowering_.cascade.find_einsum(tensor_name(load.tensor))->output;
    const Access& read = touched_access(program_, lowering_.cascade, load);
    for (std::size_t s = 0; s < program_.statements.size(); ++s) {
      const Statement& store = program_.statements[s];
      if (store.kind != StatementKind::store || store.tensor != load.tensor || (store.share < 1) != (load.share < 1)) {
        continue;
      }
      Dependence edge;
      edge.kind = DependenceKind::data;
      edge.producer = static_cast<int>(s);
      edge.consumer = load_index;
      edge.tensor = load.tensor;
      for (int e : store.effective) {
        const int loop = store.loops[static_cast<std::size_t>(e)];
        const bool open = std::find(load.loops.begin(), load.loops.end(), loop) != load.loops.end();
        if (load.share < 1) {
          edge.index.push_back(source(store, nullptr, load, nullptr, loop));
        } else {
          edge.index.push_back(open ? source(store, &output, load, &read, loop) : IndexSource{IndexSource::kLast, 0});
        }
      }
      edge.aligned = same_loops(store, load) && follows_exactly(edge.index);
      add(edge);
    }
  }

  void connect_result(int producer_index, int consumer_index, const Access& access) {
    const Statement& producer = at(producer_index);
    const Statement& consumer = at(consumer_index);
    const Access& output = lowering_.einsum(producer).output;
    Dependence edge;
    edge.kind = DependenceKind::data;
    edge.producer = producer_index;
    edge.consumer = consumer_index;
    edge.tensor = producer.tensor;
    for (int e : producer.effective) {
      edge.index.push_back(source(producer, &output, consumer, &access, producer.loops[static_cast<std::size_t>(e)]));
    }
    edge.aligned = same_loops(producer, consumer) && follows_exactly(edge.index);
    add_latency(edge, producer, consumer, access);
    add(edge);
  }

  bool is_reduced(const Statement& producer, const std::optional<Name>& axis) {
    return axis && lowering_.einsum(producer).reduces(lowering_.index_level(axis->text).variable);
  }

  // Cycles until a tile that no reduction carries out of its array has been unloaded as far as its first row. A sum
  // along a single row or column does not move.
  std::int64_t unloading(const Statement& producer) {
    const Binding& binding = *lowering_.binding_of.at(producer.name);
    const PeArray& array = lowering_.array(producer.array);
    const bool carried =
        is_reduced(producer, binding.rows) || (array.columns > 1 && is_reduced(producer, binding.columns));
    return binding.rows && !carried ? array.rows : 0;
  }

  // Does PE(r, c) read what PE(r, c) computed?
  bool is_same_place(const Statement& producer, const Statement& consumer, const Access& access) {
    if (producer.array != consumer.array) return false;
    const PeArray& array = lowering_.array(producer.array);
    const Binding& from = *lowering_.binding_of.at(producer.name);
    const Binding& to = *lowering_.binding_of.at(consumer.name);
    return (array.rows == 1 || is_same_axis(producer, from.rows, to.rows, access)) &&
           (array.columns == 1 || is_same_axis(producer, from.columns, to.columns, access));
  }

  bool is_same_axis(const Statement& producer, const std::optional<Name>& from, const std::optional<Name>& to,
                    const Access& access) {
    if (!from || !to) return !from && !to;
    const IndexLevel written = lowering_.index_level(from->text), read = lowering_.index_level(to->text);
    const Access& output = lowering_.einsum(producer).output;
    for (std::size_t i = 0; i < output.indices.size(); ++i) {
      if (output.indices[i].plain_variable() != written.variable) continue;
      return access.indices[i].plain_variable() == read.variable &&
             access.indices[i].plain_offset() == output.indices[i].plain_offset() &&
             std::max(written.level, 0) == std::max(read.level, 0);
    }
    return false;
  }

  // Does a preloaded operand come row by row, computed beside the columns that read it? Then it enters while it is
  // being computed, and the last row is there in time, if the reader has no more rows than are computed.
  bool comes_in_rows(const Statement& producer, const Statement& consumer, const Access& access) {
    const Binding& from = *lowering_.binding_of.at(producer.name);
    const Binding& to = *lowering_.binding_of.at(consumer.name);
    const Access& output = lowering_.einsum(producer).output;
    const std::string rows = lowering_.index_level(to.rows->text).variable;
    for (std::size_t i = 0; i < output.indices.size(); ++i) {
      if (access.indices[i].plain_variable() != rows) continue;
      const auto written = output.indices[i].plain_variable();
      if (!written || !is_as_long(producer, *written, consumer, rows)) return false;
    }
    const bool spread = from.rows && !is_reduced(producer, from.rows);
    return !spread && from.columns && to.columns && is_same_axis(producer, from.columns, to.columns, access);
  }

  // Are the tiles of one statement along its variable no shorter than those of the other along its own?
  static bool is_as_long(const Statement& one, const std::string& variable, const Statement& other,
                         const std::string& others) {
    const auto lengths = [](const Statement& statement, const std::string& name) {
      for (const BoxDimension& box : statement.box) {
        if (box.variable == name) return std::pair(box.full, box.partial < 0 ? box.full : box.last);
      }
      return std::pair(std::int64_t{1}, std::int64_t{1});
    };
    const auto [full, last] = lengths(one, variable);
    const auto [full_other, last_other] = lengths(other, others);
    return full >= full_other && last >= last_other;
  }

  // Does an instruction sum the operand over its rows, perhaps from the last one up?
  bool may_climb(const Statement& consumer, const Access& access) {
    const Binding& binding = *lowering_.binding_of.at(consumer.name);
    return is_reduced(consumer, binding.rows) && varies(binding.rows, index_variables(access));
  }

  // Does the reader ask for what left the producer's row or column c no earlier than c cycles behind the wavefront? Not
  // where an index is a constant, comes from an index tensor or runs ahead, nor where the reader's neighbours are
  // further apart.
  bool follows_skew(const Statement& producer, const Statement& consumer, const Access& access) {
    const Binding& from = *lowering_.binding_of.at(producer.name);
    const Binding& to = *lowering_.binding_of.at(consumer.name);
    const Access& output = lowering_.einsum(producer).output;
    for (const std::optional<Name>& axis : {from.rows, from.columns}) {
      if (!axis || is_reduced(producer, axis)) continue;
      const IndexLevel written = lowering_.index_level(axis->text);
      for (std::size_t i = 0; i < output.indices.size(); ++i) {
        if (output.indices[i].plain_variable() != written.variable) continue;
        const auto variable = access.indices[i].plain_variable();
        if (!variable || access.indices[i].plain_offset() > output.indices[i].plain_offset()) return false;
        for (const std::optional<Name>& own : {to.rows, to.columns}) {
          if (!own) continue;
          const IndexLevel read = lowering_.index_level(own->text);
          if (read.variable == *variable && std::max(read.level, 0) > std::max(written.level, 0)) return false;
        }
      }
    }
    return true;
  }

  // Rule 3: a reduction leaves through the whole array; an unreduced tile is unloaded row by row, over a link, into a
  // memory, or to be spread over the same array in another way; what goes through a memory pays its latency; a
  // broadcast enters skew-aligned.
  void add_latency(Dependence& edge, const Statement& producer, const Statement& consumer, const Access& access) {
    if (!producer.instruction.empty() && producer.array == consumer.array) return;  // the controller's table says all
    const Einsum& einsum = lowering_.einsum(producer);
    const Binding& binding = *lowering_.binding_of.at(einsum.name());
    const PeArray& array = lowering_.array(producer.array);
    const bool timed = !producer.instruction.empty();
    // An instruction takes in what varies along both of its axes before its PEs start, and a sum that climbs begins in
    // the last row: all of it must be there. So it must for a reader that does not follow the skew.
    const bool whole =
        (!consumer.instruction.empty() && (is_preloaded(consumer, access) || may_climb(consumer, access))) ||
        !follows_skew(producer, consumer, access);
    if (timed || whole) edge.way.last_pe = producer.variants.front().tail_cycles;
    if (!timed && !whole && is_reduced(producer, binding.rows)) edge.way.down_rows = array.rows - 1;
    if (!timed && !whole && is_reduced(producer, binding.columns)) edge.way.along_columns = array.columns - 1;
    const Placement* placement = lowering_.placement(einsum.name());
    const bool kept = placement != nullptr;
    const bool same_iteration =
        edge.aligned && producer.guards == consumer.guards && producer.body_offset == consumer.body_offset;
    const bool stays = is_same_place(producer, consumer, access) && !(kept && !same_iteration);
    if (!timed && !stays) edge.way.unloading = unloading(producer);
    if (!stays && consumer.instruction.empty() && is_preloaded(consumer, access) &&
        !comes_in_rows(producer, consumer, access)) {
      edge.way.into_rows = lowering_.array(consumer.array).rows - 1;
    }
    if (producer.array != consumer.array) {
      const PeArray& other = lowering_.array(consumer.array);
      const auto link = lowering_.machine.link_latency(array.name, other.name);
      if (link && !(kept && !same_iteration)) {
        edge.way.link = link->value();
      } else if (!kept) {
        lowering_.diagnostics
            .error("no-link", lowering_.binding_of.at(consumer.name)->array.span,
                   fmt::format("`{}` on `{}` reads `{}` from `{}`, but machine `{}` has no link between them",
                               consumer.name, other.name, producer.name, array.name, lowering_.machine.name))
            .note("read here", access.span)
            .with_help(fmt::format("add the link {{from: {}, to: {}, latency: …}}, or keep `{}` in a memory both reach",
                                   array.name, other.name, producer.name));
      }
    }
    edge.transit_cycles = edge.way.down_rows + edge.way.along_columns + edge.way.unloading + edge.way.last_pe +
                          edge.way.link + edge.way.into_rows;
    edge.latency_cycles = edge.transit_cycles;
    if (kept && !same_iteration) {
      edge.latency_cycles += lowering_.memory(placement->memory).latency.value();
    }
  }

  // The last PE finishes a skew later than the wavefront; of an unreduced tile, the last row has to come out, too.
  void connect_store(int store_index) {
    const Statement& store = at(store_index);
    const int producer_index = lowering_.statement_of.at(tensor_name(store.tensor));
    const Statement& producer = at(producer_index);
    Dependence edge;
    edge.kind = DependenceKind::data;
    edge.producer = producer_index;
    edge.consumer = store_index;
    edge.tensor = store.tensor;
    for (int e : producer.effective) {
      const int loop = producer.loops[static_cast<std::size_t>(e)];
      const int place = effective_place(store, loop);
      edge.index.push_back({place < 0 ? IndexSource::kLast : place, 0});
    }
    edge.aligned = same_loops(producer, store) && follows_exactly(edge.index);
    const bool timed = !producer.instruction.empty();
    edge.way.last_pe = producer.variants.front().tail_cycles;
    edge.way.unloading = timed ? 0 : unloading(producer);
    edge.transit_cycles = edge.way.last_pe + edge.way.unloading;
    edge.latency_cycles = edge.transit_cycles + lowering_.memory(store.from).latency.value();
    add(edge);
  }

  // Cycles between the wavefront and the last PE that reads this operand at the edge of the array.
  std::int64_t operand_skew(const Statement& reader, const std::string& tensor) {
    const Binding& binding = *lowering_.binding_of.at(reader.name);
    const PeArray& array = lowering_.array(reader.array);
    std::int64_t skew = 0;
    for (const Access* read : lowering_.accesses(reader)) {
      const Placement* placement = lowering_.placement(read->tensor);
      const bool own = read->tensor == tensor || (placement != nullptr && placement->root == tensor);
      if (!own) continue;  // neither of the tensor nor of one written over it
      const std::vector<std::string> indices = index_variables(*read);
      skew = std::max(skew, (varies(binding.rows, indices) ? array.rows - 1 : 0) +
                                (varies(binding.columns, indices) ? array.columns - 1 : 0));
    }
    return skew;
  }

  void connect_slots(int storage_index) {
    const Storage storage = program_.storages[static_cast<std::size_t>(storage_index)];
    const Statement& acquirer = at(storage.producer);
    for (int consumer_index : storage.consumers) {
      const Statement& reader = at(consumer_index);
      Dependence edge;
      edge.kind = DependenceKind::slot;
      edge.producer = consumer_index;  // frees the slot
      edge.consumer = storage.producer;
      edge.tensor = storage.tensor;
      edge.storage = storage_index;
      edge.shift = storage.slots;
      for (int e : reader.effective) {
        const int loop = reader.loops[static_cast<std::size_t>(e)];
        const int place = effective_place(acquirer, loop);
        const bool indexes = std::find(storage.loops.begin(), storage.loops.end(), place) != storage.loops.end();
        const std::optional<std::int64_t> distance =
            indexes ? read_distance(acquirer, reader, loop) : std::optional<std::int64_t>();
        edge.index.push_back(distance ? IndexSource{place, -*distance} : IndexSource{IndexSource::kLast, 0});
      }
      edge.aligned = storage.loops.size() == acquirer.effective.size() && same_loops(acquirer, reader) &&
                     follows_exactly(edge.index);
      if (!reader.instruction.empty() && acquirer.array != reader.array) {
        edge.latency_cycles = reader.variants.front().tail_cycles;
      } else if (storage.memory >= 0 && reader.kind == StatementKind::operation && acquirer.array != reader.array) {
        edge.latency_cycles = operand_skew(reader, tensor_name(storage.tensor));
      }
      add(edge);
    }
  }

  // Iterations between writing a tile and this reader's last use of it: of a state more than none. nullopt: it is used
  // up to the loop's end.
  std::optional<std::int64_t> read_distance(const Statement& producer, const Statement& reader, int loop) {
    std::int64_t distance = 0;
    if (producer.kind != StatementKind::operation || reader.kind != StatementKind::operation) return distance;
    for (const Access* access : lowering_.accesses(reader)) {
      if (access->tensor != producer.name) continue;
      const IndexSource found = source(producer, &lowering_.einsum(producer).output, reader, access, loop);
      if (found.consumer_loop < 0) return std::nullopt;
      distance = std::max(distance, found.distance);
    }
    return distance;
  }

  // `in_flight` iterations at most between the oldest unfinished operation and a starting one.
  void connect_iterations() {
    for (std::size_t p = 0; p < program_.statements.size(); ++p) {
      for (std::size_t c = 0; c < program_.statements.size(); ++c) {
        const Statement& producer = program_.statements[p];
        const Statement& consumer = program_.statements[c];
        if (producer.kind != StatementKind::operation || consumer.kind != StatementKind::operation) continue;
        if (program_.barrier == Barrier::array && producer.array != consumer.array) continue;
        if (producer.array == consumer.array && !producer.instruction.empty()) continue;  // in program order anyhow
        Dependence edge;
        edge.kind = DependenceKind::iteration;
        edge.producer = static_cast<int>(p);
        edge.consumer = static_cast<int>(c);
        edge.shift = program_.in_flight;
        edge.aligned = same_loops(producer, consumer) && producer.loops == consumer.loops &&
                       producer.guards == consumer.guards && producer.body_offset == consumer.body_offset &&
                       is_dense(producer);
        add(edge);
      }
    }
  }

  // Acts in every body execution of a program with a single body: instance number = iteration number.
  bool is_dense(const Statement& statement) const { return statement.instances == program_.iterations; }

  void add(Dependence edge) {
    edge.access = access_;
    program_.dependences.push_back(std::move(edge));
  }

  Lowering& lowering_;
  Program& program_;
  int access_ = -1;  // of the operation whose operands are being connected
};

}  // namespace

void connect(Lowering& lowering) { Connector(lowering).run(); }

}  // namespace einloom

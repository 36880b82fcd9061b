// SPDX-License-Identifier: Apache-2.0
#include "sim/pe_level/observations.hpp"

#include <algorithm>

#include "base/diagnostic.hpp"
#include "sim/pe_level/space_time.hpp"

namespace einloom {
namespace {

const std::string& variable_at(const Statement& statement, const Place& place) {
  return statement.box[static_cast<std::size_t>(place.dimension)].variable;
}

bool mentions(const Access& access, const std::string& variable) {
  return std::any_of(access.indices.begin(), access.indices.end(), [&](const IndexExpression& index) {
    const std::vector<std::string> variables = index.variables();
    return std::find(variables.begin(), variables.end(), variable) != variables.end();
  });
}

}  // namespace

bool Geometry::is_reduced(const Statement& operation, Place::Axis axis) const {
  const Place* place = place_along(operation, axis);
  return place != nullptr && einsum(operation).reduces(variable_at(operation, *place));
}

bool Geometry::reduces(const Statement& operation, Place::Axis axis) const {
  const PeArray& on = array(operation);
  return (axis == Place::Axis::rows ? on.rows : on.columns) > 1 && is_reduced(operation, axis);
}

bool Geometry::varies(const Statement& operation, const Access& access, Place::Axis axis) const {
  const Place* place = place_along(operation, axis);
  return place != nullptr && mentions(access, variable_at(operation, *place));
}

bool Geometry::is_same_place(const Statement& producer, const Statement& consumer, const Access& access) const {
  if (producer.array != consumer.array) return false;
  for (const Place::Axis axis : {Place::Axis::rows, Place::Axis::columns}) {
    if (reduces(producer, axis)) return false;
    const PeArray& on = array(producer);
    if ((axis == Place::Axis::rows ? on.rows : on.columns) == 1) continue;
    const Place* from = place_along(producer, axis);
    const Place* to = place_along(consumer, axis);
    if ((from == nullptr) != (to == nullptr)) return false;
    if (from != nullptr && !is_same_index(producer, *from, consumer, *to, access)) return false;
  }
  return true;
}

bool Geometry::is_same_index(const Statement& producer, const Place& from, const Statement& consumer, const Place& to,
                             const Access& access) const {
  const Access& output = einsum(producer).output;
  for (std::size_t i = 0; i < output.indices.size(); ++i) {
    if (output.indices[i].plain_variable() != variable_at(producer, from)) continue;
    return access.indices[i].plain_variable() == variable_at(consumer, to) && from.unit == to.unit &&
           access.indices[i].plain_offset() == output.indices[i].plain_offset();
  }
  return false;
}

bool Geometry::follows_skew(const Statement& producer, const Statement& consumer, const Access& access) const {
  const Access& output = einsum(producer).output;
  for (const Place& from : producer.places) {
    if (from.axis == Place::Axis::time) continue;
    for (std::size_t i = 0; i < output.indices.size(); ++i) {
      if (output.indices[i].plain_variable() != variable_at(producer, from)) continue;
      const IndexExpression& read = access.indices[i];
      if (!read.plain_variable() || read.plain_offset() > output.indices[i].plain_offset()) return false;
      for (const Place& to : consumer.places) {
        if (to.axis == Place::Axis::time || variable_at(consumer, to) != *read.plain_variable()) continue;
        if (to.unit > from.unit) return false;
      }
    }
  }
  return true;
}

bool Geometry::comes_in_rows(const Statement& producer, const Statement& consumer, const Access& access) const {
  if (place_along(producer, Place::Axis::rows) != nullptr && !is_reduced(producer, Place::Axis::rows)) return false;
  // All rows of the consumer must be among those computed.
  const auto lengths = [](const Statement& statement, const std::string& variable) {
    for (const BoxDimension& box : statement.box) {
      if (box.variable == variable) return std::pair(box.full, box.partial < 0 ? box.full : box.last);
    }
    return std::pair(std::int64_t{1}, std::int64_t{1});
  };
  const std::string& rows = variable_at(consumer, *place_along(consumer, Place::Axis::rows));
  for (std::size_t i = 0; i < access.indices.size(); ++i) {
    if (access.indices[i].plain_variable() != rows) continue;
    const auto written = einsum(producer).output.indices[i].plain_variable();
    if (!written) return false;
    const auto [full, last] = lengths(producer, *written);
    const auto [needed, needed_last] = lengths(consumer, rows);
    if (full < needed || last < needed_last) return false;
  }
  const Place* from = place_along(producer, Place::Axis::columns);
  const Place* to = place_along(consumer, Place::Axis::columns);
  return from != nullptr && to != nullptr && is_same_index(producer, *from, consumer, *to, access);
}

bool Geometry::is_same_iteration(const Statement& producer, const Statement& consumer, const Access& access) const {
  if (producer.loops != consumer.loops || producer.guards != consumer.guards ||
      producer.body_offset != consumer.body_offset) {
    return false;
  }
  // Indices that the loops around advance must be the same; inside a tile any are.
  const Access& output = einsum(producer).output;
  for (std::size_t i = 0; i < access.indices.size(); ++i) {
    const auto written = output.indices[i].plain_variable(), read = access.indices[i].plain_variable();
    if (!written) return false;
    const bool looped = std::any_of(producer.loops.begin(), producer.loops.end(), [&](int loop) {
      const auto& digits = program_.loops[static_cast<std::size_t>(loop)].digits;
      return std::any_of(digits.begin(), digits.end(), [&](const LoopDigit& d) { return d.dimension == *written; });
    });
    if (!looped) continue;
    if (read != written || access.indices[i].plain_offset() != output.indices[i].plain_offset()) return false;
  }
  return true;
}

bool Geometry::stays(const Statement& producer, const Statement& consumer, const Access& access) const {
  const bool kept = producer.result_memory >= 0;
  return is_same_place(producer, consumer, access) && (!kept || is_same_iteration(producer, consumer, access));
}

bool Geometry::unloads(const Statement& producer) const {
  return place_along(producer, Place::Axis::rows) != nullptr && !is_reduced(producer, Place::Axis::rows) &&
         !reduces(producer, Place::Axis::columns);
}

std::int64_t Geometry::way(const Statement& producer, const Statement& consumer, const Access& access) const {
  if (producer.result_memory >= 0 && !is_same_iteration(producer, consumer, access)) {
    return machine_.memories[static_cast<std::size_t>(producer.result_memory)].latency.value();
  }
  if (producer.array == consumer.array) return 0;
  const auto link = machine_.link_latency(array(producer).name, array(consumer).name);
  if (link) return link->value();
  // Lowering has made sure of a memory that both reach.
  ensure(producer.result_memory >= 0, "a result reaches another array over a link or through a memory");
  return 0;
}

bool Geometry::is_loaded(const Statement& consumer, const Access& access) const {
  return std::any_of(program_.statements.begin(), program_.statements.end(), [&](const Statement& load) {
    return load.kind == StatementKind::load && load.share == 1 &&
           program_.tensors[static_cast<std::size_t>(load.tensor)] == access.tensor &&
           (load.serves_all || (load.loops == consumer.loops && load.body_offset == consumer.body_offset));
  });
}

bool Geometry::is_refilled(const Statement& consumer, const Access& access) const {
  return std::any_of(program_.statements.begin(), program_.statements.end(), [&](const Statement& load) {
    return load.kind == StatementKind::load && load.share < 1 && load.reader_einsum == consumer.einsum &&
           program_.tensors[static_cast<std::size_t>(load.tensor)] == access.tensor;
  });
}

const Statement* Geometry::producer_of(const std::string& tensor) const {
  for (const Statement& statement : program_.statements) {
    if (statement.kind == StatementKind::operation && einsum(statement).name() == tensor) return &statement;
  }
  return nullptr;
}

namespace {

const Statement& reader_of(const Program& program, const Dependence& edge) {
  const int reader = edge.on_behalf_of < 0 ? edge.consumer : edge.on_behalf_of;
  return program.statements[static_cast<std::size_t>(reader)];
}

const Access& access_of(const Geometry& geometry, const Program& program, const Dependence& edge) {
  ensure(edge.access >= 0, "a data dependence of an operation has an access");
  return *geometry.accesses(reader_of(program, edge))[static_cast<std::size_t>(edge.access)];
}

Observation of_result(const Geometry& geometry, const Program& program, const Machine& machine,
                      const Dependence& edge) {
  const Statement& producer = program.statements[static_cast<std::size_t>(edge.producer)];
  const Statement& consumer = program.statements[static_cast<std::size_t>(edge.consumer)];
  const bool by_instruction = !producer.instruction.empty();
  if (by_instruction && consumer.array == producer.array) return {Seen::slot_over, 0};  // in program order
  if (consumer.kind == StatementKind::store && by_instruction) {
    return {Seen::engine_idle, machine.memories[static_cast<std::size_t>(consumer.from)].latency.value()};
  }
  if (consumer.kind == StatementKind::store) {
    return {geometry.unloads(producer) ? Seen::all_rows_out : Seen::last_pe,
            machine.memories[static_cast<std::size_t>(consumer.from)].latency.value()};
  }
  const Access& access = access_of(geometry, program, edge);
  if (geometry.stays(producer, consumer, access)) return {Seen::first_pe, 0};
  const Statement& reader = reader_of(program, edge);
  std::int64_t way = geometry.way(producer, reader, access);
  if (consumer.instruction.empty() && geometry.is_preloaded(consumer, access) &&
      !geometry.comes_in_rows(producer, consumer, access)) {
    way += geometry.array(consumer).rows - 1;
  }
  if (by_instruction) return {Seen::engine_idle, way};
  const bool may_climb =
      geometry.is_reduced(reader, Place::Axis::rows) && geometry.varies(reader, access, Place::Axis::rows);
  if ((!reader.instruction.empty() && (geometry.is_preloaded(reader, access) || may_climb)) ||
      !geometry.follows_skew(producer, reader, access)) {
    return {geometry.unloads(producer) ? Seen::all_rows_out : Seen::last_pe, way};
  }
  const bool down = geometry.reduces(producer, Place::Axis::rows);
  const bool along = geometry.reduces(producer, Place::Axis::columns);
  if (down && along) return {Seen::last_pe, way};
  if (down) return {Seen::last_row, way};
  if (along) return {Seen::last_column, way};
  return {geometry.unloads(producer) ? Seen::first_row_out : Seen::first_pe, way};
}

bool has_tiles(const Program& program, const std::string& tensor) {
  return std::any_of(program.storages.begin(), program.storages.end(), [&](const Storage& storage) {
    return program.tensors[static_cast<std::size_t>(storage.tensor)] == tensor;
  });
}

// A tile in a memory is free when the last PE has taken its part from the edge; registers pass on in the wavefront.
Observation of_slot(const Geometry& geometry, const Program& program, const Dependence& edge) {
  const Statement& reader = program.statements[static_cast<std::size_t>(edge.producer)];
  const Storage& storage = program.storages[static_cast<std::size_t>(edge.storage)];
  const Statement& acquirer = program.statements[static_cast<std::size_t>(storage.producer)];
  if (!reader.instruction.empty()) {
    return {acquirer.array == reader.array ? Seen::slot_over : Seen::engine_idle, 0};
  }
  if (storage.memory < 0 || acquirer.array == reader.array) return {Seen::first_pe, 0};
  const std::string& tensor = program.tensors[static_cast<std::size_t>(storage.tensor)];
  const PeArray& array = geometry.array(reader);
  Seen last = Seen::first_pe;  // of several accesses the one that goes furthest
  std::int64_t furthest = 0;
  const std::vector<const Access*> accesses = geometry.accesses(reader);
  const bool by_name =
      std::any_of(accesses.begin(), accesses.end(), [&](const Access* access) { return access->tensor == tensor; });
  for (const Access* access : accesses) {
    // Otherwise it reads what is written over it.
    if (by_name ? access->tensor != tensor : has_tiles(program, access->tensor)) continue;
    const bool down = geometry.varies(reader, *access, Place::Axis::rows);
    const bool along = geometry.varies(reader, *access, Place::Axis::columns);
    const std::int64_t skew = (down ? array.rows - 1 : 0) + (along ? array.columns - 1 : 0);
    if (skew <= furthest) continue;
    furthest = skew;
    last = down && along ? Seen::last_pe : down ? Seen::last_row : Seen::last_column;
  }
  return {last, 0};
}

// The controller accepts an instruction when the one before it no longer conflicts with it and its own engine is idle,
// or all are.
Observation of_engine(const Program& program, const Machine& machine, const Dependence& edge) {
  const Statement& consumer = program.statements[static_cast<std::size_t>(edge.consumer)];
  const Controller& controller = *machine.arrays[static_cast<std::size_t>(consumer.array)].controller;
  if (edge.shift == 0) return {Seen::slot_over, 0};  // the next Einsum of the same instruction
  const bool waits = controller.instructions.at(consumer.instruction).waits;
  const bool own_engine = controller.engines > 1 && edge.shift == controller.engines;
  return {waits || own_engine ? Seen::engine_idle : Seen::slot_over, 0};
}

}  // namespace

std::vector<Observation> observations(const Program& program, const Machine& machine, const Cascade& cascade) {
  const Geometry geometry(program, machine, cascade);
  std::vector<Observation> found;
  for (const Dependence& edge : program.dependences) {
    const Statement& producer = program.statements[static_cast<std::size_t>(edge.producer)];
    const Statement& consumer = program.statements[static_cast<std::size_t>(edge.consumer)];
    Observation seen;
    if (producer.kind != StatementKind::operation) {
      if (edge.kind == DependenceKind::data && consumer.kind == StatementKind::operation && producer.share == 1 &&
          consumer.instruction.empty()) {
        if (geometry.is_preloaded(consumer, access_of(geometry, program, edge))) {
          seen.delay_cycles = geometry.array(consumer).rows - 1;
        }
      }
    } else if (edge.kind == DependenceKind::data) {
      seen = of_result(geometry, program, machine, edge);
    } else if (edge.kind == DependenceKind::slot) {
      seen = of_slot(geometry, program, edge);
    } else if (edge.kind == DependenceKind::engine) {
      seen = of_engine(program, machine, edge);
    } else if (!producer.instruction.empty()) {
      seen.event = Seen::slot_over;
    }
    found.push_back(seen);
  }
  return found;
}

}  // namespace einloom

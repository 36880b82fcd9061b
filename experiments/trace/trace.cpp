// SPDX-License-Identifier: Apache-2.0
#include "experiments/trace/trace.hpp"

#include "sim/kernel.hpp"

namespace einloom {

Trace::Trace(const std::filesystem::path& path, const Span& asked_at, TraceWindow window, std::string title)
    : file_(path, asked_at), window_(window), title_(std::move(title)) {}

const Statement& Trace::statement_of(const RunState& run, int statement) {
  return run.program.statements[static_cast<std::size_t>(statement)];
}

void Trace::begins(RunState& run) {
  timeline_ = std::make_unique<OccupancyTimeline>(run.program);
  write_head(run);
}

void Trace::stalls(RunState& run, const Stall& stall) {
  if (!closed_) write_stall(run, stall);
}

void Trace::starts(RunState& run, int statement, std::int64_t start, std::int64_t end) {
  if (closed_) return;
  write_changes(run, *timeline_, start);
  timeline_->start(run.board, statement, start);
  timeline_->end(run.board, statement, end);
  write_operation(run, statement, start, end);
}

void Trace::move_begins(RunState& run, int statement, std::int64_t start) {
  if (closed_) return;
  write_changes(run, *timeline_, start);
  timeline_->start(run.board, statement, start);
  write_move_start(run, statement);
}

void Trace::moves(RunState& run, int statement, std::int64_t bytes, std::int64_t begin_tick, std::int64_t end_tick) {
  if (!closed_) write_transfer(run, statement, bytes, begin_tick, end_tick);
}

void Trace::move_ends(RunState& run, int statement, std::int64_t start, std::int64_t /*bus_end*/, std::int64_t done) {
  if (closed_) return;
  timeline_->end(run.board, statement, done);
  write_move(run, statement, start, done);
}

void Trace::ends(RunState& run, const RunResult& result) {
  write_changes(run, *timeline_, INT64_MAX);
  write_tail(run, result);
  file_.finish();
}

}  // namespace einloom

// SPDX-License-Identifier: Apache-2.0
#include "sim/dram/request_queues.hpp"

namespace einloom {
namespace {

constexpr BankMask bit(int bank) { return BankMask{1} << bank; }

void set(BankMask& mask, int bank, bool value) { mask = value ? mask | bit(bank) : mask & ~bit(bank); }

}  // namespace

RequestQueues::RequestQueues(int banks, std::int64_t depth) : depth_(depth) {
  ensure(banks <= 64, "a channel has at most 64 banks");
  // Both queues full, and every bank opening a row for one more.
  slots_.resize(static_cast<std::size_t>(2 * depth + banks));
  for (std::size_t i = 0; i < slots_.size(); ++i) slots_[i].next = static_cast<int>(i) + 1;
  slots_.back().next = -1;
  for (Queue& queue : queues_) {
    queue.head.assign(static_cast<std::size_t>(banks), -1);
    queue.tail = queue.hit = queue.head;
    queue.age.assign(static_cast<std::size_t>(banks), 0);
  }
}

void RequestQueues::add(DramDirection direction, int bank, std::int64_t row, std::int64_t tag, std::int64_t now,
                        std::int64_t open_row) {
  const auto b = static_cast<std::size_t>(bank);
  Queue& queue = of(direction);
  const int slot = free_;
  Request& request = slots_[static_cast<std::size_t>(slot)];
  free_ = request.next;
  request = {.row = row, .arrival = now, .tag = tag, .age = next_age_++, .bank = bank};
  ++queue.waiting;
  if (queue.head[b] < 0) {
    queue.head[b] = slot;
    queue.age[b] = request.age;
    queue.banks |= bit(bank);
  } else {
    slots_[static_cast<std::size_t>(queue.tail[b])].next = slot;
  }
  queue.tail[b] = slot;
  if (row == open_row && queue.hit[b] < 0) {
    queue.hit[b] = slot;
    queue.hits |= bit(bank);
    set(queue.oldest_hits, bank, queue.head[b] == slot);
  }
}

void RequestQueues::find_hit(Queue& queue, int bank, int from, std::int64_t row) {
  const auto b = static_cast<std::size_t>(bank);
  while (from >= 0 && slots_[static_cast<std::size_t>(from)].row != row)
    from = slots_[static_cast<std::size_t>(from)].next;
  queue.hit[b] = from;
  set(queue.hits, bank, from >= 0);
  set(queue.oldest_hits, bank, from >= 0 && from == queue.head[b]);
}

void RequestQueues::activated_for_oldest(DramDirection direction, int bank) {
  const auto b = static_cast<std::size_t>(bank);
  Queue& queue = of(direction);
  Request& request = slots_[static_cast<std::size_t>(queue.head[b])];
  request.activated = true;
  queue.activated |= bit(bank);
  --queue.waiting;
  for (Queue& each : queues_) find_hit(each, bank, each.head[b], request.row);
}

void RequestQueues::closed(int bank) {
  for (Queue& queue : queues_) {
    queue.hit[static_cast<std::size_t>(bank)] = -1;
    set(queue.hits, bank, false);
    set(queue.oldest_hits, bank, false);
  }
}

void RequestQueues::closed_for_oldest(DramDirection direction, int bank) {
  slots_[static_cast<std::size_t>(of(direction).head[static_cast<std::size_t>(bank)])].precharged = true;
  closed(bank);
}

RequestQueues::Request RequestQueues::take_hit(DramDirection direction, int bank) {
  const auto b = static_cast<std::size_t>(bank);
  Queue& queue = of(direction);
  const int slot = queue.hit[b];
  Request& request = slots_[static_cast<std::size_t>(slot)];
  int before = -1;
  for (int s = queue.head[b]; s != slot; s = slots_[static_cast<std::size_t>(s)].next) before = s;
  (before < 0 ? queue.head[b] : slots_[static_cast<std::size_t>(before)].next) = request.next;
  if (queue.tail[b] == slot) queue.tail[b] = before;
  set(queue.banks, bank, queue.head[b] >= 0);
  if (queue.head[b] >= 0) queue.age[b] = slots_[static_cast<std::size_t>(queue.head[b])].age;
  if (request.activated) {
    set(queue.activated, bank, false);
  } else {
    --queue.waiting;
  }
  find_hit(queue, bank, request.next, request.row);
  const Request taken = request;
  request.next = free_;
  free_ = slot;
  return taken;
}

void RequestQueues::shift_time(std::int64_t cycles) {
  for (Queue& queue : queues_) {
    for (int head : queue.head) {
      for (int s = head; s >= 0; s = slots_[static_cast<std::size_t>(s)].next) {
        slots_[static_cast<std::size_t>(s)].arrival += cycles;
      }
    }
  }
}

}  // namespace einloom

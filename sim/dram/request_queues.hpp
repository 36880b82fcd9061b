// SPDX-License-Identifier: Apache-2.0
// The requests of one channel that wait, reads and writes apart, by bank and by age.
// Contract: a fixed number of slots, nothing is allocated after construction. A request whose ACT has been issued (its
// row is being opened for it) no longer counts against the queue's depth but is still here until its data command.
#pragma once

#include <cstdint>
#include <vector>

#include "base/diagnostic.hpp"
#include "sim/dram/ready_banks.hpp"

namespace einloom {

enum class DramDirection : std::uint8_t { read, write };

class RequestQueues {
 public:
  struct Request {
    std::int64_t row = 0;
    std::int64_t arrival = 0, tag = 0;
    std::int64_t age = 0;  // a running number: smaller is older
    int bank = 0;
    int next = -1;            // the next younger one of the same bank and direction; of a free slot: the next free one
    bool activated = false;   // an ACT was issued for it
    bool precharged = false;  // a PRE was issued for it
  };

  RequestQueues(int banks, std::int64_t depth);

  [[nodiscard]] bool accepts(DramDirection direction) const { return of(direction).waiting < depth_; }
  [[nodiscard]] std::int64_t waiting(DramDirection direction) const { return of(direction).waiting; }
  [[nodiscard]] std::int64_t depth() const { return depth_; }
  [[nodiscard]] bool empty() const { return of(DramDirection::read).banks == 0 && of(DramDirection::write).banks == 0; }

  // `open_row` is the bank's now.
  void add(DramDirection direction, int bank, std::int64_t row, std::int64_t tag, std::int64_t now,
           std::int64_t open_row);

  // Banks with a request of this direction; with one for the open row; whose oldest one is for the open row.
  [[nodiscard]] BankMask banks(DramDirection direction) const { return of(direction).banks; }
  [[nodiscard]] BankMask hits(DramDirection direction) const { return of(direction).hits; }
  [[nodiscard]] BankMask oldest_hits(DramDirection direction) const { return of(direction).oldest_hits; }
  // Banks whose row was opened for a request that has not had its data command.
  [[nodiscard]] BankMask activated(DramDirection direction) const { return of(direction).activated; }

  [[nodiscard]] const Request& oldest(DramDirection direction, int bank) const {
    return slots_[static_cast<std::size_t>(of(direction).head[static_cast<std::size_t>(bank)])];
  }
  [[nodiscard]] std::int64_t oldest_age(DramDirection direction, int bank) const {
    return of(direction).age[static_cast<std::size_t>(bank)];
  }
  [[nodiscard]] const Request& oldest_hit(DramDirection direction, int bank) const {
    return slots_[static_cast<std::size_t>(of(direction).hit[static_cast<std::size_t>(bank)])];
  }

  // A row was opened for the oldest request of the bank, or the bank's row was closed (for it, or for nobody).
  void activated_for_oldest(DramDirection direction, int bank);
  void closed(int bank);
  void closed_for_oldest(DramDirection direction, int bank);
  // Takes the oldest hit of the bank out.
  Request take_hit(DramDirection direction, int bank);

  void shift_time(std::int64_t cycles);
  template <class RowOf>
  void map_rows(RowOf&& row_of) {
    for (Queue& queue : queues_) {
      for (int head : queue.head) {
        for (int s = head; s >= 0; s = slots_[static_cast<std::size_t>(s)].next) {
          slots_[static_cast<std::size_t>(s)].row = row_of(slots_[static_cast<std::size_t>(s)].row);
        }
      }
    }
  }
  // Visits every request, oldest first: (request, direction).
  template <class Visit>
  void each_by_age(Visit&& visit) const;

 private:
  struct Queue {
    std::vector<int> head, tail, hit;  // by bank: slots, -1: none
    std::vector<std::int64_t> age;     // by bank: of the head
    BankMask banks = 0, hits = 0, oldest_hits = 0, activated = 0;
    std::int64_t waiting = 0;
  };
  [[nodiscard]] Queue& of(DramDirection d) { return queues_[static_cast<std::size_t>(d)]; }
  [[nodiscard]] const Queue& of(DramDirection d) const { return queues_[static_cast<std::size_t>(d)]; }
  void find_hit(Queue& queue, int bank, int from, std::int64_t row);

  std::int64_t depth_;
  std::vector<Request> slots_;
  int free_ = 0;
  std::int64_t next_age_ = 0;
  Queue queues_[2];
};

template <class Visit>
void RequestQueues::each_by_age(Visit&& visit) const {
  std::vector<int> at[2] = {queues_[0].head, queues_[1].head};
  while (true) {
    int* best = nullptr;
    int direction = 0;
    for (int d = 0; d < 2; ++d) {
      for (int& slot : at[d]) {
        if (slot < 0) continue;
        if (best != nullptr &&
            slots_[static_cast<std::size_t>(*best)].age < slots_[static_cast<std::size_t>(slot)].age) {
          continue;
        }
        best = &slot;
        direction = d;
      }
    }
    if (best == nullptr) return;
    const Request& request = slots_[static_cast<std::size_t>(*best)];
    visit(request, static_cast<DramDirection>(direction));
    *best = request.next;
  }
}

}  // namespace einloom

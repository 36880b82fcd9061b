// SPDX-License-Identifier: Apache-2.0
// Masks against counting positions one by one, on seeded trips, levels and bits.
#include "mappings/tile_mask.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

using namespace einloom;

namespace {

using Position = std::vector<std::int64_t>;

// All positions along the trips, in order.
std::vector<Position> positions_of(const std::vector<std::int64_t>& trips) {
  std::vector<Position> all{Position(trips.size(), 0)};
  while (true) {
    Position next = all.back();
    std::size_t e = next.size();
    while (e > 0 && ++next[e - 1] == trips[e - 1]) next[--e] = 0;
    if (e == 0) return all;
    all.push_back(std::move(next));
  }
}

struct RandomMask {
  std::vector<std::int64_t> trips;
  std::vector<int> levels;
  TileMask mask;
};

RandomMask random_mask(std::mt19937_64& random) {
  std::vector<std::int64_t> trips;
  std::vector<int> levels;
  for (std::size_t e = 0; e < 1 + random() % 4; ++e) {
    trips.push_back(1 + static_cast<std::int64_t>(random() % 7));
    if (random() % 2 == 0) levels.push_back(static_cast<int>(e));
  }
  if (levels.empty()) levels.push_back(0);
  TileMask mask(trips, levels);
  const std::uint64_t rare = 1 + random() % 5;
  for (std::int64_t bit = 0; bit < mask.bits(); ++bit) {
    if (random() % rare == 0) mask.set(bit);
  }
  mask.finish();
  return {trips, levels, std::move(mask)};
}

}  // namespace

TEST_CASE("a mask counts and finds the positions whose bit is set") {
  std::mt19937_64 random(5);
  for (int round = 0; round < 200; ++round) {
    const RandomMask one = random_mask(random);
    const std::vector<Position> all = positions_of(one.trips);
    std::int64_t before = 0;
    for (std::size_t n = 0; n < all.size(); ++n) {
      CHECK(one.mask.count_before(static_cast<std::int64_t>(n)) == before);
      before += one.mask.at(all[n].data()) ? 1 : 0;
      // Only where a search may start: at the first position of what the levels inside stand for.
      bool starts = true;
      for (std::size_t e = static_cast<std::size_t>(one.levels.back()) + 1; e < one.trips.size(); ++e) {
        starts = starts && all[n][e] == 0;
      }
      if (!starts) continue;
      std::size_t next = n;
      while (next < all.size() && !one.mask.at(all[next].data())) ++next;
      Position found = all[n];
      CHECK(one.mask.find(found) == static_cast<std::int64_t>(next - n));
      CHECK(found == (next < all.size() ? all[next] : Position(one.trips.size(), 0)));
    }
    CHECK(one.mask.count_before(static_cast<std::int64_t>(all.size())) == before);
    CHECK(one.mask.count_all() == before);
  }
}

TEST_CASE("bits in a stretch: the next, the last, and how many") {
  std::mt19937_64 random(6);
  TileMask mask({3, 100}, {0, 1});
  mask.set(70, 140);
  for (int i = 0; i < 40; ++i) mask.set(static_cast<std::int64_t>(random() % 300));
  mask.finish();
  for (int round = 0; round < 300; ++round) {
    const auto from = static_cast<std::int64_t>(random() % 300);
    const auto end = from + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(301 - from));
    std::int64_t next = end, last = -1, count = 0;
    for (std::int64_t bit = from; bit < end; ++bit) {
      if (!mask.test(bit)) continue;
      next = std::min(next, bit);
      last = bit;
      ++count;
    }
    CHECK(mask.next(from, end) == next);
    CHECK(mask.last(from, end) == last);
    CHECK(mask.count(from, end) == count);
  }
  CHECK(mask.count(70, 140) == 70);
  const TileMask::Run run = mask.run_along(1, {0, 80});
  CHECK(run.first <= 70);
  CHECK(run.last == 100);  // a row ends there, whatever comes next
}

TEST_CASE("a mask projected to other levels") {
  std::mt19937_64 random(7);
  for (int round = 0; round < 200; ++round) {
    const RandomMask one = random_mask(random);
    // Some of its levels, perhaps one that it does not tell apart.
    std::vector<int> levels, place;
    for (std::size_t e = 0; e < one.trips.size(); ++e) {
      const auto found = std::find(one.levels.begin(), one.levels.end(), static_cast<int>(e));
      if (random() % 3 == 0) continue;
      levels.push_back(static_cast<int>(e));
      place.push_back(found == one.levels.end() ? -1 : static_cast<int>(found - one.levels.begin()));
    }
    const TileMask other = one.mask.projected(one.trips, levels, place);
    const std::vector<Position> all = positions_of(one.trips);
    for (const Position& here : all) {
      bool any = false;
      for (const Position& there : all) {
        bool same = true;
        for (int level : levels) {
          same = same && here[static_cast<std::size_t>(level)] == there[static_cast<std::size_t>(level)];
        }
        any = any || (same && one.mask.at(there.data()));
      }
      CHECK(other.at(here.data()) == any);
    }
  }
}

TEST_CASE("a mask without levels is of one tile") {
  TileMask mask({}, {});
  mask.set(0);
  mask.finish();
  CHECK(mask.count_before(0) == 0);
  CHECK(mask.count_before(1) == 1);
}

TEST_CASE("a mask whose loops do not tell tiles apart passes over all of them or none") {
  TileMask mask({3, 4}, {});
  mask.finish();
  Position next{1, 2};
  CHECK(mask.find(next) == 6);
  CHECK(next == Position{0, 0});
  CHECK(mask.count_all() == 0);
  mask.set(0);
  mask.finish();
  next = {1, 2};
  CHECK(mask.find(next) == 0);
  CHECK(next == Position{1, 2});
  CHECK(mask.count_all() == 12);
}

// SPDX-License-Identifier: Apache-2.0
// What is put into a store is there in the next run; a file that is no store is refused.
#include "experiments/store.hpp"

#include <catch2/catch.hpp>

#include "temporary_folder.hpp"
#include "user_errors.hpp"

namespace einloom {

TEST_CASE("results outlive the store that kept them") {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder.path() / "results.sqlite";
  {
    Store store(path, Span{});
    CHECK(store.find("content") == std::nullopt);
    store.put("content", "label", "{\"x\": 1}");
    store.put("other", "label", std::string("with\0zero", 9));
  }
  Store store(path, Span{});
  CHECK(store.find("content") == "{\"x\": 1}");
  CHECK(store.find("other") == std::string("with\0zero", 9));
  CHECK(store.find("content ") == std::nullopt);
  store.put("content", "label", "new");
  CHECK(store.find("content") == "new");
}

TEST_CASE("two stores on one file see each other's results") {
  const TemporaryFolder folder;
  Store one(folder.path() / "results.sqlite", Span{});
  Store two(folder.path() / "results.sqlite", Span{});
  one.put("a", "", "1");
  CHECK(two.find("a") == "1");
}

TEST_CASE("a file that is no store is left alone") {
  const TemporaryFolder folder;
  folder.write("results.sqlite", std::string(5000, 'x'));
  CHECK(codes_of([&] { const Store store(folder.path() / "results.sqlite", Span{}); }) == "store-unusable");
  CHECK(folder.read("results.sqlite") == std::string(5000, 'x'));
  CHECK(codes_of([&] { const Store store(folder.path() / "no/such/results.sqlite", Span{}); }) == "store-unusable");
}

}  // namespace einloom

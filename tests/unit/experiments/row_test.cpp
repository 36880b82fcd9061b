// SPDX-License-Identifier: Apache-2.0
// Columns are the union of all rows, in group order; CSV cells are quoted when they must be.
#include "experiments/row.hpp"

#include <catch2/catch.hpp>

namespace einloom {

TEST_CASE("columns are merged by group and first appearance") {
  const std::vector<Row> rows = {
      {{ColumnGroup::identity, "spec", "s"}, {ColumnGroup::busy, "busy_a_X", "1"}, {ColumnGroup::wall, "wall_s", "9"}},
      {{ColumnGroup::identity, "spec", "t"}, {ColumnGroup::busy, "busy_a_Y", "2"}, {ColumnGroup::time, "cycles", "7"}}};
  const Columns columns = merge_rows(rows);
  CHECK(columns.header == std::vector<std::string>{"spec", "cycles", "busy_a_X", "busy_a_Y", "wall_s"});
  CHECK(columns.rows.at(0) == std::vector<std::string>{"s", "", "1", "", "9"});
  CHECK(columns.rows.at(1) == std::vector<std::string>{"t", "7", "", "2", ""});
}

TEST_CASE("cells with commas, quotes and line ends are quoted") {
  const Columns columns{{"plain", "a,b"}, {{"say \"hi\"", "two\nlines"}, {"", " x "}}};
  CHECK(csv_text(columns) == "plain,\"a,b\"\n\"say \"\"hi\"\"\",\"two\nlines\"\n, x \n");
}

TEST_CASE("no rows, no columns") { CHECK(csv_text(merge_rows({})) == "\n"); }

}  // namespace einloom

// SPDX-License-Identifier: Apache-2.0
// Numbers as people read them, aligned columns, and the progress line.
#include "experiments/text_table.hpp"

#include <catch2/catch.hpp>

#include "experiments/progress.hpp"

namespace einloom {

TEST_CASE("numbers have four digits and a fitting unit") {
  CHECK(seconds_text(0.003558) == "3.558 ms");
  CHECK(seconds_text(0.99999) == "1.000 s");
  CHECK(seconds_text(3600) == "3600 s");
  CHECK(seconds_text(0) == "0 s");
  CHECK(bytes_text(1023) == "1023 B");
  CHECK(bytes_text(1024) == "1.000 KiB");
  CHECK(bytes_text(402653184) == "384.0 MiB");
  CHECK(joules_text(1.9506) == "1.951 J");
  CHECK(joules_text(99.996) == "100.0 J");
  CHECK(percent_text(0.9931) == "99.3 %");
  CHECK(with_separators(1048576) == "1,048,576");
  CHECK(with_separators(-1234) == "-1,234");
  CHECK(with_separators(-123) == "-123");
}

TEST_CASE("columns align by code points; columns without text are left out") {
  TextTable table;
  table.add_column("name", TextTable::Align::left);
  table.add_column("time");
  table.add_column("never");
  table.add_row({"a", "3.1 µs", ""});
  table.add_row({"longer", "10 µs", ""});
  CHECK(table.text(1) ==
        " name      time\n"
        " ──────  ──────\n"
        " a       3.1 µs\n"
        " longer   10 µs\n");
}

TEST_CASE("the progress line tells the time left") {
  CHECK(progress_line(0, 4, 0) == "[------------------------------] 0/4 points");
  CHECK(progress_line(1, 4, 2) == "[#######-----------------------] 1/4 points, 6 s left");
  CHECK(progress_line(1, 100, 2) == "[------------------------------] 1/100 points, 3 min 18 s left");
  CHECK(progress_line(4, 4, 8) == "[##############################] 4/4 points");
}

}  // namespace einloom

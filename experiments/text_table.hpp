// SPDX-License-Identifier: Apache-2.0
// Aligned columns of text for the terminal, and numbers as people read them.
// Contract: widths count code points; no trailing blanks; every line ends with a newline.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace einloom {

class TextTable {
 public:
  enum class Align { left, right };
  void add_column(std::string header, Align align = Align::right);  // a line end in it makes a second header line
  // One cell per column; a `note` stands on a line of its own below them.
  void add_row(std::vector<std::string> cells, std::string note = {});
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  // Header, a rule, the rows; each line starts with `indent` blanks. Columns without any text are left out.
  [[nodiscard]] std::string text(int indent = 0) const;

 private:
  struct Column {
    std::string above, header;  // `above` is the first of two header lines
    Align align;
  };
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
  std::vector<std::string> notes_;  // one per row
};

[[nodiscard]] std::string with_separators(std::int64_t value);  // 1,048,576
[[nodiscard]] std::string seconds_text(double seconds);         // 3.558 ms
[[nodiscard]] std::string bytes_text(std::int64_t bytes);       // 384.0 MiB
[[nodiscard]] std::string joules_text(double joules);           // 1.951 J
[[nodiscard]] std::string percent_text(double share);           // 99.3 %

}  // namespace einloom

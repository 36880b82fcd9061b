// SPDX-License-Identifier: Apache-2.0
// Rows of a CSV file as maps from column to cell; lines that start with # are comments.
#pragma once

#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace einloom::test {

using CsvRow = std::map<std::string, std::string>;

inline std::vector<std::string> split_line(const std::string& line) {
  std::vector<std::string> cells(1);
  for (const char c : line) {
    if (c == ',') {
      cells.emplace_back();
    } else {
      cells.back() += c;
    }
  }
  return cells;
}

inline std::vector<CsvRow> csv_rows(std::istream& text) {
  std::vector<CsvRow> rows;
  std::vector<std::string> header;
  std::string line;
  while (std::getline(text, line)) {
    if (line.empty() || line.front() == '#') continue;
    const std::vector<std::string> cells = split_line(line);
    if (header.empty()) {
      header = cells;
      continue;
    }
    CsvRow row;
    for (std::size_t i = 0; i < header.size() && i < cells.size(); ++i) row[header[i]] = cells[i];
    rows.push_back(std::move(row));
  }
  return rows;
}

inline std::vector<CsvRow> published_rows(const std::string& name) {
  std::ifstream file(std::string(EINLOOM_SOURCE_DIR) + "/tests/golden/" + name);
  return csv_rows(file);
}

}  // namespace einloom::test

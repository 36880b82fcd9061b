// SPDX-License-Identifier: Apache-2.0
#include "experiments/wrapped_lines.hpp"

#include <sstream>

namespace einloom {

namespace {

// Where the text of the line's last column begins.
std::size_t text_begin(const std::string& line) {
  const std::size_t blanks = line.rfind("  ");
  const std::size_t begin = blanks == std::string::npos ? 0 : line.find_first_not_of(' ', blanks);
  return begin == std::string::npos ? 0 : begin;
}

}  // namespace

std::string wrapped_lines(const std::string& text, std::size_t width) {
  std::string result;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t indent = text_begin(line);
    while (line.size() > width) {
      std::size_t end = line.rfind(' ', width);
      if (end == std::string::npos || end <= indent) end = line.find(' ', width);
      if (end == std::string::npos) break;
      result += line.substr(0, end) + '\n';
      line = std::string(indent, ' ') + line.substr(end + 1);
    }
    result += line + '\n';
  }
  if (!text.empty() && text.back() != '\n') result.pop_back();
  return result;
}

}  // namespace einloom

// SPDX-License-Identifier: Apache-2.0
// Where each character of a scalar stands in its document: through quotes, folded lines and block scalars.
// A text that cannot be followed in the document (escapes, `--set`) is placed by offset on the scalar's line.
#pragma once

#include <string>
#include <vector>

#include "base/source_file.hpp"

namespace einloom {

class TextPlaces {
 public:
  TextPlaces(const std::string& text, Span span);

  // The place of the bytes [begin, end) of the text; on the line of `begin`. begin == size() is just after the text.
  [[nodiscard]] Span at(std::size_t begin, std::size_t end) const;

 private:
  struct Place {
    int line = 0, column = 0;
  };
  std::vector<Place> places_;  // one per byte and one past the end; empty when the text was not found
  Span span_;
};

}  // namespace einloom

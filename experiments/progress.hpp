// SPDX-License-Identifier: Apache-2.0
// A bar with the time left on stderr, while it is a terminal; nothing at all otherwise.
// Contract: leaves an empty line start behind when it goes out of scope.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace einloom {

// `[#####-----] 12/24 points, 3 s left`; `elapsed_s` is the time the `done` took.
[[nodiscard]] std::string progress_line(std::size_t done, std::size_t total, double elapsed_s);

class Progress {
 public:
  explicit Progress(std::size_t total);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void advance() { ++done_; }
  void draw();

 private:
  void erase();

  std::size_t total_, done_ = 0;
  bool terminal_;
  std::size_t drawn_ = 0;  // characters on the line
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

}  // namespace einloom

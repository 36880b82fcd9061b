// SPDX-License-Identifier: Apache-2.0
#include "experiments/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>

namespace einloom {

namespace {

constexpr std::size_t kBarWidth = 30;

std::string time_text(double seconds) {
  const auto whole = static_cast<long>(std::ceil(seconds));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole / 60 % 60);
}

}  // namespace

std::string progress_line(std::size_t done, std::size_t total, double elapsed_s) {
  const std::size_t filled = total == 0 ? kBarWidth : kBarWidth * done / total;
  std::string line =
      fmt::format("[{}{}] {}/{} points", std::string(filled, '#'), std::string(kBarWidth - filled, '-'), done, total);
  if (done > 0 && done < total) {
    line += fmt::format(", {} left", time_text(elapsed_s / double(done) * double(total - done)));
  }
  return line;
}

Progress::Progress(std::size_t total) : total_(total), terminal_(isatty(STDERR_FILENO) != 0) { draw(); }

Progress::~Progress() { erase(); }

void Progress::erase() {
  if (drawn_ == 0) return;
  fmt::print(stderr, "\r{}\r", std::string(drawn_, ' '));
  std::fflush(stderr);
  drawn_ = 0;
}

void Progress::draw() {
  if (!terminal_ || total_ == 0) return;
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin_;
  const std::string line = progress_line(done_, total_, elapsed.count());
  fmt::print(stderr, "\r{}{}", line, std::string(drawn_ > line.size() ? drawn_ - line.size() : 0, ' '));
  std::fflush(stderr);
  drawn_ = std::max(drawn_, line.size());
}

}  // namespace einloom

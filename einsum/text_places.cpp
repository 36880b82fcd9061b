// SPDX-License-Identifier: Apache-2.0
// Follows a scalar's characters through the document it was read from.
#include "einsum/text_places.hpp"

#include <algorithm>
#include <string_view>

namespace einloom {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool continues_code_point(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// Byte offset of line:column (both 1-based, columns in characters), or npos.
std::size_t offset_of(std::string_view text, int line, int column) {
  std::size_t at = 0;
  for (int i = 1; i < line; ++i) {
    at = text.find('\n', at);
    if (at == std::string_view::npos) return at;
    ++at;
  }
  for (int i = 1; i < column; ++i) {
    if (at >= text.size()) return std::string_view::npos;
    ++at;
    while (at < text.size() && continues_code_point(text[at])) ++at;
  }
  return at;
}

}  // namespace

TextPlaces::TextPlaces(const std::string& text, Span span) : span_(std::move(span)) {
  if (!span_.file || span_.line <= 0) return;
  const std::string_view source = span_.file->text;
  std::size_t at = offset_of(source, span_.line, span_.column);
  if (at == std::string_view::npos) return;
  Place place{span_.line, span_.column};
  const auto advance = [&] {
    if (source[at] == '\n') {
      ++place.line;
      place.column = 1;
    } else if (at + 1 >= source.size() || !continues_code_point(source[at + 1])) {
      ++place.column;
    }
    ++at;
  };
  const auto skip_blanks = [&] {
    while (at < source.size() && is_blank(source[at])) advance();
  };
  const auto opens = [&](char c) { return at < source.size() && source[at] == c && !text.starts_with(c); };
  if (opens('"') || opens('\'')) {
    advance();
  } else if (opens('|') || opens('>')) {
    while (at < source.size() && source[at] != '\n') advance();
    skip_blanks();
  }
  std::vector<Place> places;
  places.reserve(text.size() + 1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_blank(text[i])) {
      places.push_back(place);
      if (i + 1 == text.size() || !is_blank(text[i + 1])) skip_blanks();
      continue;
    }
    if (at >= source.size() || source[at] != text[i]) return;
    places.push_back(place);
    advance();
  }
  places.push_back(place);
  places_ = std::move(places);
}

Span TextPlaces::at(std::size_t begin, std::size_t end) const {
  if (places_.empty()) return span_.part(static_cast<int>(begin), static_cast<int>(std::max(end, begin + 1) - begin));
  begin = std::min(begin, places_.size() - 1);
  end = std::clamp(end, begin, places_.size() - 1);
  while (end > begin + 1 && places_[end - 1].line != places_[begin].line) --end;
  const Place first = places_[begin];
  int length = 1;
  if (end > begin) length = places_[end - 1].column - first.column + 1;
  return Span{span_.file, first.line, first.column, std::max(1, length)};
}

}  // namespace einloom

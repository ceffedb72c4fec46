/// A small set as a sorted array without duplicates, so that equal sets are written the same way.
package struct SortedSet<Element: Hashable & Comparable & Sendable>: Hashable, Sendable {
    /// In ascending order, each element once.
    package let elements: [Element]

    /// Sorts, and collapses equal elements.
    package init(_ elements: some Sequence<Element>) {
        self.init(Array(elements))
    }

    /// Sorts, and collapses equal elements; what stands in order already is kept as it is.
    package init(_ elements: [Element]) {
        guard zip(elements, elements.dropFirst()).contains(where: { $0 >= $1 }) else {
            self.elements = elements
            return
        }
        var unique: [Element] = []
        for element in elements.sorted() where unique.last != element { unique.append(element) }
        self.elements = unique
    }

    private init(sortedUnique elements: [Element]) {
        self.elements = elements
    }

    package var isEmpty: Bool { elements.isEmpty }
    package var count: Int { elements.count }

    package func contains(_ element: Element) -> Bool {
        index(of: element) != nil
    }

    /// The place of `element`, found in time that grows with the logarithm of the count.
    private func index(of element: Element) -> Int? {
        var range = elements.startIndex..<elements.endIndex
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            if elements[middle] < element {
                range = (middle + 1)..<range.upperBound
            } else if element < elements[middle] {
                range = range.lowerBound..<middle
            } else {
                return middle
            }
        }
        return nil
    }

    /// Whether every element is in `other` too; one pass over both.
    package func isSubset(of other: SortedSet) -> Bool {
        guard count < other.count else { return elements == other.elements }
        var rest = other.elements[...]
        for element in elements {
            guard let position = rest.firstIndex(where: { $0 >= element }), rest[position] == element else {
                return false
            }
            rest = rest[(position + 1)...]
        }
        return true
    }

    package func intersection(_ other: SortedSet) -> SortedSet {
        SortedSet(sortedUnique: elements.filter(other.contains))
    }

    /// The elements that at least one of `sets` has too, without the union in between.
    package func intersection(ofUnion sets: some Sequence<SortedSet>) -> SortedSet {
        var isShared = [Bool](repeating: false, count: count)
        for set in sets {
            for element in set.elements {
                if let index = index(of: element) { isShared[index] = true }
            }
        }
        return SortedSet(sortedUnique: zip(elements, isShared).filter(\.1).map(\.0))
    }

    package func union(_ other: SortedSet) -> SortedSet {
        SortedSet(elements + other.elements)
    }

    package func subtracting(_ other: SortedSet) -> SortedSet {
        SortedSet(sortedUnique: elements.filter { !other.contains($0) })
    }
}

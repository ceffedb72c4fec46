/// Ids in ascending order, kept in blocks: adding one moves a block's worth at most, and a copy shares the blocks.
struct SortedIDs<ID: Comparable & Sendable>: Sendable {
    /// Ids of one block; one that has twice as many is cut in two.
    private static var blockSize: Int { 256 }

    /// None is empty.
    private var blocks: [[ID]] = []

    /// Adds `id` unless it is there.
    mutating func insert(_ id: ID) {
        guard let last = blocks.last?.last else {
            blocks = [[id]]
            return
        }
        // Records come out of a store in order, so the common place is the end.
        if last < id {
            let end = blocks.count - 1
            if blocks[end].count < Self.blockSize { blocks[end].append(id) } else { blocks.append([id]) }
            return
        }
        let block = blocks.partitioningIndex { ($0.last ?? id) >= id }
        let place = blocks[block].partitioningIndex { $0 >= id }
        guard blocks[block][place] != id else { return }
        blocks[block].insert(id, at: place)
        guard blocks[block].count >= 2 * Self.blockSize else { return }
        let upper = Array(blocks[block][Self.blockSize...])
        blocks[block].removeSubrange(Self.blockSize...)
        blocks.insert(upper, at: block + 1)
    }

    /// At most `limit` ids from the first that is past the wanted place on; `isPast` is false and then true in their
    /// order.
    func prefix(_ limit: Int, where isPast: (ID) -> Bool) -> [ID] {
        var block = blocks.partitioningIndex { $0.last.map(isPast) ?? true }
        guard block < blocks.count else { return [] }
        var found = Array(blocks[block][blocks[block].partitioningIndex(where: isPast)...].prefix(limit))
        while found.count < limit, block + 1 < blocks.count {
            block += 1
            found += blocks[block].prefix(limit - found.count)
        }
        return found
    }
}

extension Array {
    /// The first place at which `belongsAfter` is true, which it is for every element from there on.
    fileprivate func partitioningIndex(where belongsAfter: (Element) -> Bool) -> Int {
        var range = startIndex..<endIndex
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            if belongsAfter(self[middle]) {
                range = range.lowerBound..<middle
            } else {
                range = (middle + 1)..<range.upperBound
            }
        }
        return range.lowerBound
    }
}

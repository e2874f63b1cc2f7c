/* A theme's page: the figures of one unit, each with its confidence, chart and table; and the units below compared. */
(function () {
  'use strict';
  var egov = window.egov;
  var form, theme, state, charts = [];
  var PLACE = 0, NUMERATOR = 1, DENOMINATOR = 2, VALUE = 3, REASON = 4, TARGET = 5, MET = 6, AS_OF = 7, REPORTING = 8,
    EXPECTED = 9, SET_ASIDE = 10, STALE = 11, VERSION = 12;
  var COLOURS = { as_was: '#0b5394', restated: '#b3541e', target: '#4d5661' };
  var BASES = ['as_was', 'restated'];
  /* Heads of columns of numbers, which stand to the right. */
  var NUMBERS = /^(Tử số|Giá trị|Mục tiêu|Numerator|Value|Target)/;

  function make(tag, attributes, children) {
    var element = document.createElement(tag);
    Object.keys(attributes || {}).forEach(function (name) {
      if (name === 'text') element.textContent = attributes.text;
      else element.setAttribute(name, attributes[name]);
    });
    (children || []).forEach(function (child) { if (child) element.appendChild(child); });
    return element;
  }

  function agency(code) {
    return egov.contents.agencies.find(function (entry) { return entry[0] === code; });
  }

  function agencyName(entry) { return egov.say(entry[1], entry[2]); }

  function hasBelow(code) {
    return egov.contents.agencies.some(function (entry) { return entry[4] === code; });
  }

  function kpis() {
    return egov.contents.kpis.filter(function (kpi) { return kpi.theme === theme; });
  }

  function kpiName(kpi) {
    var key = kpi.key.split('|'), told = [];
    if (key[1] !== '-') told.push(egov.say('phương pháp ', 'method ') + key[1]);
    if (key[2] === 'hour') told.push(egov.say('tính theo giờ', 'by the hour'));
    return egov.say(kpi.name_vi, kpi.name_en) + (told.length ? ' (' + told.join(', ') + ')' : '');
  }

  function period(place) {
    var span = egov.contents.periods[place], year = span[1].slice(0, 4), month = span[1].slice(5, 7);
    if (span[0] === 'month') return month + '/' + year;
    if (span[0] === 'year') return year;
    var quarter = (Number(month) + 2) / 3;
    return egov.say('Quý ' + ['I', 'II', 'III', 'IV'][quarter - 1], 'Q' + quarter) + '/' + year;
  }

  function amount(kpi, value) {
    if (value === null) return '–';
    var unit = egov.contents.units[kpi.unit] || ['', ''];
    var word = egov.say(unit[0], unit[1]);
    return egov.number(value) + (word && word !== '%' ? ' ' + word : word);
  }

  function fraction(figure) {
    return egov.number(figure[NUMERATOR]) + (figure[DENOMINATOR] === null ? '' : ' / ' + egov.number(figure[DENOMINATOR]));
  }

  function reason(figure) {
    var words = egov.contents.reasons[figure[REASON]];
    return figure[REASON] ? (words ? egov.say(words[0], words[1]) : figure[REASON]) : '';
  }

  function met(figure) {
    if (figure[MET] === null) return make('span', { text: '–' });
    return figure[MET]
      ? make('span', { 'class': 'good', text: '✓ ' + egov.say('đạt', 'met') })
      : make('span', { 'class': 'bad', text: '✗ ' + egov.say('chưa đạt', 'not met') });
  }

  /* How far a value is to be trusted: units reporting, share set aside, the day of the data, and whether it is old. */
  function trust(figure) {
    var full = figure[REPORTING] === figure[EXPECTED] && !figure[SET_ASIDE] && !figure[STALE];
    var parts = [egov.number(figure[REPORTING]) + '/' + egov.number(figure[EXPECTED]) + ' ' + egov.say('đơn vị', 'units')];
    if (figure[SET_ASIDE]) parts.push(egov.say('cách ly ', 'set aside ') + egov.number(100 * figure[SET_ASIDE]) + '%');
    parts.push(egov.say('đến ', 'as of ') + egov.day(figure[AS_OF]));
    if (figure[STALE]) parts.push(egov.say('SỐ LIỆU CŨ', 'STALE'));
    return make('span', { 'class': 'trust ' + (full ? 'full' : 'part') }, [
      make('span', { 'aria-hidden': 'true', text: (full ? '● ' : '◐ ') }), make('span', { text: parts.join(' · ') })
    ]);
  }

  /* Figures of one KPI by unit basis, those of the chosen scope and grain. */
  function series(told, kpi, code, scope) {
    var found = {};
    BASES.forEach(function (basis) {
      var entries = told[[kpi.key, hasBelow(code) ? scope : 'tree', basis].join('|')] || [];
      entries = entries.filter(function (figure) { return egov.contents.periods[figure[PLACE]][0] === state.grain; });
      if (entries.length) found[basis] = entries;
    });
    return found;
  }

  function basisName(basis) {
    if (basis === 'as_was') return egov.say('đơn vị khi đó', 'units of the time');
    var unit = agency(state.agency), name = unit[7] ? ': ' + egov.say(unit[7], unit[8]) : '';
    return egov.say('đơn vị hiện nay', 'units of today') + name;
  }

  function section(kpi, found) {
    var figures = found.as_was || found.restated, last = figures[figures.length - 1];
    var running = !egov.contents.periods[last[PLACE]][3];
    var id = 'kpi-' + kpi.key.split('|').join('-').replace(/-+$/, '');
    var chart = make('div', { 'class': 'chart', role: 'img', 'aria-label': describe(kpi, figures) });
    var told = make('div', {}, [
      make('p', { text: period(last[PLACE]) + (running ? egov.say(', kỳ chưa kết thúc', ', not over yet') : '') }),
      make('p', { 'class': 'value', text: amount(kpi, last[VALUE]) }),
      make('p', { text: (last[DENOMINATOR] === null ? '' : fraction(last)) + (reason(last) ? ' (' + reason(last) + ')' : '') }),
      last[TARGET] === null ? null
        : make('p', { text: egov.say('Mục tiêu ', 'Target ') + amount(kpi, last[TARGET]) + ' ' }, [met(last)]),
      make('p', {}, [trust(last)]),
      make('p', { 'class': 'note', text: egov.say(kpi.formula_vi, kpi.formula_en) })
    ]);
    var details = make('details', {}, [make('summary', { text: egov.say('Bảng số liệu', 'Table') + ': ' + kpiName(kpi) })]);
    details.addEventListener('toggle', function () { if (details.open) fillTable(details, kpi, found); });
    charts.push({ element: chart, kpi: kpi, found: found, details: details });
    return make('section', { 'class': 'kpi', id: id, 'aria-labelledby': id + '-name' }, [
      make('h2', { id: id + '-name', tabindex: '-1', text: kpiName(kpi) }), told, chart, details
    ]);
  }

  function describe(kpi, figures) {
    var known = figures.filter(function (figure) { return figure[VALUE] !== null; });
    var text = egov.say('Biểu đồ ', 'Chart of ') + kpiName(kpi) + ', ' + period(figures[0][PLACE]) + '–' +
      period(figures[figures.length - 1][PLACE]);
    if (!known.length) return text + ': ' + egov.say('chưa có giá trị', 'no value');
    var last = known[known.length - 1];
    return text + ': ' + egov.say('mới nhất ', 'newest ') + amount(kpi, last[VALUE]) + ' (' + period(last[PLACE]) + ')';
  }

  function fillTable(details, kpi, found) {
    if (details.querySelector('table')) return;
    var bases = BASES.filter(function (basis) { return found[basis]; });
    var heads = [egov.say('Kỳ', 'Period')];
    bases.forEach(function (basis) {
      var after = bases.length > 1 ? ', ' + basisName(basis) : '';
      heads.push(egov.say('Tử số / mẫu số', 'Numerator / denominator') + after, egov.say('Giá trị', 'Value') + after);
    });
    heads.push(egov.say('Mục tiêu', 'Target'), egov.say('Đạt', 'Met'), egov.say('Độ tin cậy', 'Confidence'));
    var rows = found[bases[0]].map(function (figure) { return row(kpi, figure, bases, found); }).reverse();
    details.appendChild(scrolling(kpiName(kpi), table(kpiName(kpi) + ', ' + agencyName(agency(state.agency)), heads, rows)));
  }

  function row(kpi, figure, bases, found) {
    var name = period(figure[PLACE]) + (kpi.versions > 1 ? ' (v' + figure[VERSION] + ')' : '');
    var cells = [make('th', { scope: 'row', text: name })];
    bases.forEach(function (basis) {
      var entry = found[basis].find(function (other) { return other[PLACE] === figure[PLACE]; });
      var why = entry && reason(entry) ? ' (' + reason(entry) + ')' : '';
      cells.push(make('td', { 'class': 'number', text: entry ? fraction(entry) : '–' }));
      cells.push(make('td', { 'class': 'number', text: entry ? amount(kpi, entry[VALUE]) + why : '–' }));
    });
    cells.push(make('td', { 'class': 'number', text: amount(kpi, figure[TARGET]) }));
    cells.push(make('td', {}, [met(figure)]), make('td', {}, [trust(figure)]));
    return make('tr', {}, cells);
  }

  function table(caption, heads, rows) {
    return make('table', {}, [
      make('caption', { text: caption }),
      make('thead', {}, [make('tr', {}, heads.map(function (head) {
        return make('th', NUMBERS.test(head) ? { scope: 'col', 'class': 'number', text: head } : { scope: 'col', text: head });
      }))]),
      make('tbody', {}, rows)
    ]);
  }

  function scrolling(label, inner) {
    return make('div', { 'class': 'scroll', role: 'region', tabindex: '0', 'aria-label': label }, [inner]);
  }

  /* ---------------------------------------------------------------------------------------------------- charts */

  function line(basis, places, found, isOnly) {
    var byPlace = {};
    found[basis].forEach(function (figure) { byPlace[figure[PLACE]] = figure; });
    return {
      name: isOnly ? egov.say('giá trị', 'value') : basisName(basis), type: 'line', symbolSize: 6, connectNulls: false, animation: false,
      itemStyle: { color: COLOURS[basis] }, lineStyle: { type: basis === 'restated' ? 'dotted' : 'solid' },
      data: places.map(function (place) { return byPlace[place] ? byPlace[place][VALUE] : null; })
    };
  }

  function target(figures) {
    return {
      name: egov.say('mục tiêu', 'target'), type: 'line', symbol: 'none', animation: false, step: 'middle',
      itemStyle: { color: COLOURS.target }, lineStyle: { type: 'dashed', width: 1.5 },
      data: figures.map(function (figure) { return figure[TARGET]; })
    };
  }

  /* Half of the scale would stay empty for a share of a few percent. */
  function highest(lines) {
    return lines.reduce(function (most, one) { return Math.max.apply(null, [most].concat(one.data)); }, 0);
  }

  function option(kpi, found) {
    var figures = found.as_was || found.restated;
    var places = figures.map(function (figure) { return figure[PLACE]; });
    var bases = BASES.filter(function (basis) { return found[basis]; });
    var lines = bases.map(function (basis) { return line(basis, places, found, bases.length === 1); });
    var aimed = figures.some(function (figure) { return figure[TARGET] !== null; });
    if (aimed) lines.push(target(figures));
    return {
      animation: false, textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      grid: { left: 8, right: 16, top: lines.length > 1 ? 34 : 14, bottom: 4, containLabel: true },
      legend: lines.length > 1 ? { top: 0, left: 'left', icon: 'roundRect', itemHeight: 3 } : undefined,
      tooltip: { trigger: 'axis', renderMode: 'richText', valueFormatter: function (value) { return amount(kpi, value === undefined ? null : value); } },
      xAxis: { type: 'category', data: places.map(period), axisLabel: { color: '#4d5661', hideOverlap: true } },
      yAxis: {
        type: 'value', min: 0, max: kpi.unit === 'percent' && highest(lines) > 50 ? 100 : undefined, minInterval: kpi.unit === 'count' ? 1 : undefined,
        axisLabel: { color: '#4d5661', formatter: function (value) { return egov.number(value) + (kpi.unit === 'percent' ? '%' : ''); } }
      },
      series: lines
    };
  }

  function draw(chart) {
    if (chart.drawn) return;
    chart.drawn = window.echarts.init(chart.element, null, { renderer: 'svg' });
    chart.drawn.setOption(option(chart.kpi, chart.found));
  }

  var watcher = new IntersectionObserver(function (entries) {
    entries.forEach(function (entry) {
      if (!entry.isIntersecting) return;
      watcher.unobserve(entry.target);
      draw(charts.find(function (chart) { return chart.element === entry.target; }));
    });
  }, { rootMargin: '200px' });

  function forget() {
    charts.forEach(function (chart) {
      watcher.unobserve(chart.element);
      if (chart.drawn) chart.drawn.dispose();
    });
    charts = [];
  }

  /* ---------------------------------------------------------------------------------------------------- choice */

  function readState() {
    var said = new URLSearchParams(location.hash.slice(1));
    var code = said.get('unit');
    return {
      agency: code && agency(code) ? code : egov.contents.main,
      scope: said.get('scope') === 'own' ? 'own' : 'tree',
      grain: ['quarter', 'year'].indexOf(said.get('grain')) >= 0 ? said.get('grain') : 'month',
      kpi: said.get('kpi')
    };
  }

  function showState() {
    form.elements.agency.value = state.agency;
    form.elements.scope.value = state.scope;
    form.elements.grain.value = state.grain;
    document.getElementById('scopes').hidden = !hasBelow(state.agency);
  }

  /* Letters without their marks: who searches "huyen tung" means Huyền Tụng. */
  function plain(text) {
    return text.normalize('NFD').replace(/[\u0300-\u036f]/g, '').replace(/đ/g, 'd').replace(/Đ/g, 'D').toLowerCase();
  }

  /* The units whose name or code has the sought text, and always the chosen one. */
  function fillAgencies() {
    var select = form.elements.agency, sought = plain(form.elements.sought.value.trim());
    var listed = egov.contents.agencies.filter(function (entry) {
      return entry[0] === state.agency || entry[0] === sought || plain(agencyName(entry)).indexOf(sought) >= 0;
    });
    select.replaceChildren.apply(select, listed.map(function (entry) {
      var ended = entry[5] ? egov.say(' (đến ', ' (until ') + egov.day(entry[5]) + ')' : '';
      var begins = entry[6] ? egov.say(' (từ ', ' (from ') + egov.day(entry[6]) + ')' : '';
      return make('option', { value: entry[0], text: '\u2003'.repeat(sought ? 0 : entry[3]) + agencyName(entry) + ended + begins });
    }));
    select.value = state.agency;
  }

  /* Enter takes the first unit that was found. */
  function take(event) {
    event.preventDefault();
    var sought = plain(form.elements.sought.value.trim());
    var found = sought && egov.contents.agencies.find(function (entry) {
      return entry[0] === sought || plain(agencyName(entry)).indexOf(sought) >= 0;
    });
    if (!found) return;
    form.elements.agency.value = found[0];
    form.elements.sought.value = '';
    chosen();
    fillAgencies();
    form.elements.agency.focus();
  }

  function show() {
    var asked = state;
    return egov.figures(theme, state.agency).then(function (told) {
      if (asked !== state) return;
      forget();
      var missing = [], sections = [];
      kpis().forEach(function (kpi) {
        var found = series(told, kpi, state.agency, state.scope);
        if (found.as_was || found.restated) sections.push(section(kpi, found)); else missing.push(kpiName(kpi));
      });
      var place = document.getElementById('kpis');
      place.replaceChildren.apply(place, sections);
      document.getElementById('told').textContent = agencyName(agency(state.agency)) +
        (missing.length ? egov.say('. Không áp dụng: ', '. Not applicable: ') + missing.join('; ') : '');
      charts.forEach(function (chart) { watcher.observe(chart.element); });
      fillComparison();
      goToKpi();
      document.body.dataset.ready = theme + '/' + state.agency;
    }, function (error) {
      document.getElementById('told').textContent = egov.say('Không đọc được số liệu: ', 'The figures could not be read: ') + error.message;
    });
  }

  /* A link names a KPI by its code. */
  function goToKpi() {
    if (!state.kpi) return;
    var heading = Array.from(document.querySelectorAll('.kpi > h2')).find(function (element) {
      return element.id.indexOf('kpi-' + state.kpi) === 0;
    });
    state.kpi = null;
    if (heading) { heading.scrollIntoView(); heading.focus(); }
  }

  function chosen() {
    state = { agency: form.elements.agency.value, scope: form.elements.scope.value, grain: form.elements.grain.value, kpi: null };
    var said = new URLSearchParams({ unit: state.agency, scope: state.scope, grain: state.grain });
    history.replaceState(null, '', '#' + said.toString());
    showState();
    show();
  }

  /* ------------------------------------------------------------------------------------------------ comparison */

  function fillComparison() {
    var which = document.getElementById('compared'), span = document.getElementById('span');
    var before = [which.value, span.value];
    which.replaceChildren.apply(which, kpis().map(function (kpi) { return make('option', { value: kpi.key, text: kpiName(kpi) }); }));
    var places = egov.contents.periods.map(function (entry, place) { return place; }).filter(function (place) {
      return egov.contents.periods[place][0] === state.grain;
    }).reverse();
    span.replaceChildren.apply(span, places.map(function (place) { return make('option', { value: place, text: period(place) }); }));
    [which, span].forEach(function (select, number) {
      if (Array.from(select.options).some(function (entry) { return entry.value === before[number]; })) select.value = before[number];
    });
    var none = !hasBelow(state.agency);
    document.getElementById('comparison').hidden = none;
    document.getElementById('units').replaceChildren(none ? make('p', { text: egov.say('Đơn vị này không có đơn vị trực thuộc.', 'This unit has none below it.') }) : make('span'));
  }

  function compare(event) {
    event.preventDefault();
    var kpi = kpis().find(function (entry) { return entry.key === document.getElementById('compared').value; });
    var place = Number(document.getElementById('span').value);
    var below = egov.contents.agencies.filter(function (entry) { return entry[4] === state.agency; });
    Promise.all(below.map(function (entry) {
      return egov.figures(theme, entry[0]).then(function (told) {
        var figures = told[kpi.key + '|tree|as_was'] || [];
        return { agency: entry, figure: figures.find(function (figure) { return figure[PLACE] === place; }) };
      });
    })).then(function (found) { showComparison(kpi, place, found); });
  }

  function showComparison(kpi, place, found) {
    var rows = found.filter(function (entry) { return entry.figure; }).map(function (entry) {
      var figure = entry.figure, why = reason(figure) ? ' (' + reason(figure) + ')' : '';
      return make('tr', {}, [
        make('th', { scope: 'row', text: agencyName(entry.agency) }),
        make('td', { 'class': 'number', text: fraction(figure) }),
        make('td', { 'class': 'number', text: amount(kpi, figure[VALUE]) + why }),
        make('td', {}, [met(figure)]), make('td', {}, [trust(figure)])
      ]);
    });
    var heads = [egov.say('Đơn vị', 'Unit'), egov.say('Tử số / mẫu số', 'Numerator / denominator'), egov.say('Giá trị', 'Value'),
      egov.say('Đạt', 'Met'), egov.say('Độ tin cậy', 'Confidence')];
    var caption = kpiName(kpi) + ', ' + period(place) + egov.say(', cả đơn vị trực thuộc', ', with units below');
    document.getElementById('units').replaceChildren(scrolling(caption, table(caption, heads, rows)));
  }

  /* ---------------------------------------------------------------------------------------------------- start */

  document.addEventListener('DOMContentLoaded', function () {
    form = document.getElementById('choice');
    theme = form.dataset.theme;
    state = readState();
    fillAgencies();
    showState();
    show();
    form.elements.sought.addEventListener('input', fillAgencies);
    form.addEventListener('submit', take);
    form.addEventListener('change', function (event) { if (event.target.id !== 'sought') chosen(); });
    document.getElementById('comparison').addEventListener('submit', compare);
  });
  window.addEventListener('hashchange', function () { state = readState(); showState(); show(); });
  document.addEventListener('egov:language', function () { if (state) { fillAgencies(); show(); } });
  window.addEventListener('resize', function () { charts.forEach(function (chart) { if (chart.drawn) chart.drawn.resize(); }); });
  window.addEventListener('beforeprint', function () {
    charts.forEach(function (chart) {
      draw(chart);
      chart.drawn.resize({ width: 640, height: 208 });
      /* paper does not wait for the next frame */
      chart.drawn.getZr().flush();
      chart.details.open = true;
      fillTable(chart.details, chart.kpi, chart.found);
    });
  });
  window.addEventListener('afterprint', function () {
    charts.forEach(function (chart) { if (chart.drawn) chart.drawn.resize(); });
  });
})();
